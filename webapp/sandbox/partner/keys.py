"""The partner's API keys: JWTs (HS512) with the addresses that they allow, in a private file."""

import hashlib
import hmac
import json
import secrets
import time
import uuid
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from threading import Lock
from typing import Any

from webapp.sandbox.partner import base64url
from webapp.sandbox.private_files import write_private

KEYS_MAX = 10
TIER = "developer/silver"
TEMPORARY_TIER = "developer/bronze"
TEMPORARY_S = 3600


class BadKeyRequest(ValueError):
    """The key cannot be created; the message says why."""


@dataclass(frozen=True)
class PartnerKey:
    """`key` is the token itself, which the real portal's list of keys contains too.

    `expires_at` is in seconds since 1970; None means never.
    """

    id: str
    name: str
    description: str
    cidrRanges: list[str]
    scopes: list[str]
    key: str
    expires_at: int | None = None


class Keys:
    """All keys of the one developer, stored in `folder` at every change."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "partner.json"
        self._secret = secrets.token_hex(32)
        self._developer = str(uuid.uuid4())
        self._keys: dict[str, PartnerKey] = {}
        self._lock = Lock()
        if self._file.exists():
            self._load()
        else:
            self._save()

    def all(self) -> list[PartnerKey]:
        with self._lock:
            return list(self._keys.values())

    def create(
        self, name: str, description: str, cidrs: list[str], scopes: list[str], *, temporary: bool
    ) -> PartnerKey:
        """`temporary` makes the portal's own token, valid for an hour. Raises BadKeyRequest."""
        if not name.strip():
            raise BadKeyRequest("Give the key a name.")
        ranges = [_check_range(cidr) for cidr in cidrs]
        if not ranges:
            raise BadKeyRequest("Allow at least one IP address.")
        if temporary:
            ranges = [str(IPv4Network(cidr, strict=False)) for cidr in ranges]
        now, key_id = int(time.time()), str(uuid.uuid4())
        token = self._token(key_id, ranges, scopes, now=now, temporary=temporary)
        expires_at = now + TEMPORARY_S if temporary else None
        made = PartnerKey(key_id, name.strip(), description, ranges, scopes, token, expires_at)
        with self._lock:
            if len(self._keys) >= KEYS_MAX:
                raise BadKeyRequest(f"You have {KEYS_MAX} keys already. Revoke one first.")
            self._keys[key_id] = made
            self._save()
        return made

    def revoke(self, key_id: str) -> bool:
        with self._lock:
            found = self._keys.pop(key_id, None)
            self._save()
        return found is not None

    def find(self, token: str) -> PartnerKey | None:
        """The key with that token, if the signature is right and it has not expired."""
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(head).encode()):
            return None
        key = next((key for key in self.all() if key.key == token), None)
        is_expired = key and key.expires_at is not None and key.expires_at <= time.time()
        return None if is_expired else key

    def _token(
        self, key_id: str, cidrs: list[str], scopes: list[str], *, now: int, temporary: bool
    ) -> str:
        limits: list[dict[str, Any]] = [
            {"tier": TEMPORARY_TIER if temporary else TIER, "type": "throttling"},
            {"cidrs": cidrs, "type": "client"},
        ]
        payload: dict[str, Any] = {
            "iss": "supercell",
            "aud": "supercell:gameapi",
            "jti": key_id,
            "iat": now,
            "sub": f"developer/{self._developer}",
            "scopes": scopes,
            "limits": limits,
        }
        if temporary:
            payload["exp"] = now + TEMPORARY_S
            limits.append({"origins": ["developer.clashofclans.com"], "type": "cors"})
        header = {"typ": "JWT", "alg": "HS512", "kid": "28a318f7-0000-a1eb-7fa1-2c7433c6cca5"}
        head = f"{base64url.encode_json(header)}.{base64url.encode_json(payload)}"
        return f"{head}.{self._sign(head)}"

    def _sign(self, head: str) -> str:
        digest = hmac.new(self._secret.encode(), head.encode(), hashlib.sha512).digest()
        return base64url.encode(digest)

    def _load(self) -> None:
        found = json.loads(self._file.read_text())
        self._secret, self._developer = found["secret"], found["developer"]
        self._keys = {raw["id"]: PartnerKey(**raw) for raw in found["keys"]}

    def _save(self) -> None:
        keys = [asdict(key) for key in self._keys.values()]
        state = {"secret": self._secret, "developer": self._developer, "keys": keys}
        write_private(self._file, json.dumps(state))


def allows(key: PartnerKey, address: str) -> bool:
    ip = IPv4Address(address)
    return any(ip in IPv4Network(cidr, strict=False) for cidr in key.cidrRanges)


def _check_range(cidr: str) -> str:
    """The text without spaces, if it is an IPv4 address or range. Raises BadKeyRequest."""
    try:
        IPv4Network(cidr.strip(), strict=False)
    except ValueError:
        raise BadKeyRequest(f"{cidr!r} is not an IPv4 address or CIDR range.") from None
    return cidr.strip()
