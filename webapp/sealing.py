"""Seals what must be read again, such as the secret of an authenticator app.

The key is not in the database, so that who has a copy of that has no secret. It is EGRET_SECRET_KEY
or, with SQLite, a file in the data folder, which is made when it is first needed. Replicas on
PostgreSQL have no folder in common: there the setting is needed.

AES-256-GCM (NIST SP 800-38D); each text is bound to its row, so that nobody can exchange two.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from pathlib import Path

from webapp.errors import Conflict
from webapp.settings import Settings

KEY_FILE = "secret.key"
KEY_BYTES = 32
NONCE_BYTES = 12
PURPOSE = b"egret: what is sealed in the database"


class Sealer:
    """Seals and opens texts with a key that is derived from `secret`."""

    def __init__(self, secret: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE)
        self._cipher = AESGCM(derived.derive(secret.encode()))

    def seal(self, text: str, *, bound_to: str) -> str:
        """Opened only with the same `bound_to`, such as the id of its row."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(), bound_to.encode())
        return urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, *, bound_to: str) -> str:
        """Raises Conflict for what was sealed with another key, or was changed."""
        from cryptography.exceptions import InvalidTag

        try:
            data = urlsafe_b64decode(sealed)
            nonce, rest = data[:NONCE_BYTES], data[NONCE_BYTES:]
            return self._cipher.decrypt(nonce, rest, bound_to.encode()).decode()
        except (InvalidTag, NotBase64, ValueError):
            raise Conflict(
                "The secret of the authenticator app cannot be read: it was encrypted with "
                "another key.",
                code="other_secret_key",
                remedy=f"Ask whoever runs Egret to bring back EGRET_SECRET_KEY, or {KEY_FILE} in "
                "the data folder. A recovery code still works.",
            ) from None


def sealer_of(settings: Settings) -> Sealer:
    """Raises Conflict where the key has to be set and is not."""
    if settings.secret_key:
        return Sealer(settings.secret_key)
    if settings.lacks_key:
        raise Conflict(
            "Egret has no key to encrypt the secret of an authenticator app with.",
            code="no_secret_key",
            remedy="Ask whoever runs Egret to set EGRET_SECRET_KEY, the same on every replica.",
        )
    return Sealer(_kept_in(settings.data_dir))


def _kept_in(folder: Path) -> str:
    """The key in the folder. Of two processes that make it at once, both get the same."""
    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = folder / f".{KEY_FILE}.{secrets.token_hex(8)}"
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(KEY_BYTES))
        try:
            path.hardlink_to(new)
        except FileExistsError:
            pass
        finally:
            new.unlink()
    return path.read_text().strip()
