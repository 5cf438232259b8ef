"""What a JWT (RFC 7519) looks like from outside: its parts, and how long its signature is.

Nobody but the partner can check a signature. But its length follows from the algorithm that the
token names, and its last character has fewer than six bits, so a piece that is missing shows.
"""

import base64
import binascii
import json
from functools import lru_cache
from typing import Any

TOKEN_STARTS = ("eyJ", "eyA", "ewo", "ew0")
"""How base64url writes the beginning of a JSON object: `{"`, or a blank after the brace."""
_OF_RSA = (342, 512, 683)
SIGNATURE_CHARS = {
    "HS256": (43,),
    "HS384": (64,),
    "HS512": (86,),
    "ES256": (86,),
    "ES384": (128,),
    "ES512": (176,),
    "EdDSA": (86,),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), _OF_RSA),
}
"""By the algorithm that a token names. RSA: by the size of the key, 2048, 3072 or 4096 bits."""
BEGINNING_CHARS = 10


@lru_cache(maxsize=8)
def decoded(part: str) -> dict[str, Any] | None:
    """The JSON object in a part of a JWT; None if there is none."""
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def signature_chars(token: str) -> tuple[int, ...]:
    """How long the token's signature may be; empty when that is not known."""
    algorithm = (decoded(token.partition(".")[0]) or {}).get("alg")
    return SIGNATURE_CHARS.get(algorithm, ()) if isinstance(algorithm, str) else ()


def is_whole(token: str) -> bool:
    """By its form only; False when the algorithm is not known."""
    parts = token.split(".")
    if len(parts) != 3 or len(parts[2]) not in signature_chars(token):
        return False
    return decoded(parts[1]) is not None and ends_well(parts[2])


def ends_well(part: str) -> bool:
    """Whether the bits that the last character of base64url has too many are zero."""
    try:
        plain = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return False
    return base64.urlsafe_b64encode(plain).decode().rstrip("=") == part


def is_beginning(piece: str) -> bool:
    """Whether a piece of text is the beginning of a token, or a whole one."""
    head, dot, _ = piece.partition(".")
    if not piece.startswith(TOKEN_STARTS):
        return False
    return "alg" in (decoded(head) or {}) if dot else len(head) >= BEGINNING_CHARS
