"""Base64url without padding (RFC 7515, appendix C), for the parts of a JWT and for cursors."""

import base64
import json
from typing import Any


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def encode_json(value: Any) -> str:
    return encode(json.dumps(value, separators=(",", ":")).encode())


def decode_json(text: str) -> Any:
    """Raises ValueError, or RecursionError for a value that is nested too deeply."""
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
