"""The bank's keys: opaque text, each sent in one way, with the addresses that it allows."""

import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from threading import Lock

from webapp.sandbox.private_files import write_private

KEYS_MAX = 20
KINDS = {
    "bearer": "Authorization: Bearer",
    "header": "X-Api-Key",
    "query": "?api_key=",
}
"""How the bank wants a key sent."""


class BadBankKey(ValueError):
    """The key cannot be created; the message says why."""


@dataclass(frozen=True)
class BankKey:
    id: str
    kind: str
    addresses: list[str]
    secret: str = field(repr=False)

    def allows(self, address: str) -> bool:
        ip = IPv4Address(address)
        return any(ip in IPv4Network(allowed, strict=False) for allowed in self.addresses)


class BankKeys:
    """All keys, stored in `folder` at every change."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "bank.json"
        self._lock = Lock()
        found = json.loads(self._file.read_text()) if self._file.exists() else []
        self._keys = [BankKey(**raw) for raw in found]

    def all(self) -> list[BankKey]:
        with self._lock:
            return list(self._keys)

    def create(self, kind: str, addresses: list[str]) -> BankKey:
        """Raises BadBankKey."""
        if kind not in KINDS:
            raise BadBankKey(f"Choose one of: {', '.join(KINDS)}.")
        if not addresses:
            raise BadBankKey("Allow at least one IP address.")
        for address in addresses:
            _check(address)
        made = BankKey(secrets.token_hex(4), kind, addresses, f"bank_{secrets.token_urlsafe(24)}")
        with self._lock:
            if len(self._keys) >= KEYS_MAX:
                raise BadBankKey(f"You have {KEYS_MAX} keys already. Revoke one first.")
            self._keys.append(made)
            self._save()
        return made

    def revoke(self, key_id: str) -> None:
        """Harmless twice."""
        with self._lock:
            self._keys = [key for key in self._keys if key.id != key_id]
            self._save()

    def find(self, secret: str, kind: str) -> BankKey | None:
        """The key with that text, if it was sent as it has to be."""
        return next(
            (
                key
                for key in self.all()
                if key.kind == kind and hmac.compare_digest(key.secret.encode(), secret.encode())
            ),
            None,
        )

    def _save(self) -> None:
        write_private(self._file, json.dumps([asdict(key) for key in self._keys]))


def _check(address: str) -> None:
    try:
        IPv4Network(address, strict=False)
    except ValueError:
        raise BadBankKey(f"{address!r} is not an IPv4 address or range.") from None
