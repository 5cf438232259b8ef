"""Whether an ID token is genuine, new, and for us: OpenID Connect Core 1.0, section 3.1.3.7.

authlib checks the signature with the provider's keys, and the claims: issuer, audience, authorized
party, times, nonce, and the hash of the access token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webapp.errors import Refused
from webapp.models.texts import SUBJECT_MAX
from webapp.oidc.documents import Documents

if TYPE_CHECKING:
    from joserfc.errors import JoseError
    from joserfc.jwt import Token

LEEWAY_S = 60
"""Clocks may differ by that."""
TOKEN_MAX_CHARS = 64 * 1024
JWT = "jwt"
"""What the header of an ID token calls its kind, if it says so."""
UNREADABLE = (AttributeError, KeyError, RecursionError, TypeError, ValueError)
"""What a token of any shape may lead to, before it is known to be genuine."""


@dataclass(frozen=True)
class Expected:
    """What the sign-in was begun with."""

    client_id: str
    nonce: str
    now_s: int


def checked_claims(
    documents: Documents, token: Mapping[str, Any], expected: Expected
) -> dict[str, Any]:
    """The claims of the ID token in the token endpoint's answer. Raises Refused, Upstream."""
    from authlib.oidc.core import CodeIDToken
    from joserfc.errors import JoseError

    text = token.get("id_token")
    if not isinstance(text, str) or len(text) > TOKEN_MAX_CHARS:
        raise refused("The provider sent no ID token")
    try:
        decoded = _decoded(documents, text)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": documents.issuer},
                "aud": {"essential": True, "value": expected.client_id},
            },
            {
                "nonce": expected.nonce,
                "client_id": expected.client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=expected.now_s, leeway=LEEWAY_S)
        subject, kind = claims["sub"], str(decoded.header.get("typ", JWT)).lower()
    except JoseError as error:
        raise refused(f"The provider's ID token was not accepted ({_why(error)})") from error
    except UNREADABLE as error:
        raise refused("The provider's ID token cannot be read") from error
    if kind.removeprefix("application/") != JWT:  # RFC 8725, 3.11: such as of an access token
        raise refused("The provider's token is of another kind than an ID token")
    is_subject = isinstance(subject, str) and subject.isascii() and subject.isprintable()
    if not is_subject or not 1 <= len(subject) <= SUBJECT_MAX:
        raise refused("The provider's ID token does not say who it is about")
    return dict(claims)


def _decoded(documents: Documents, text: str) -> "Token":
    """With the keys as they are known, or else as they are now."""
    from joserfc import jwt
    from joserfc.errors import BadSignatureError, InvalidKeyIdError
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(
        algorithms=list(documents.metadata().algorithms), strict_check_header=False
    )
    try:
        return jwt.decode(text, key=documents.keys(), registry=registry)
    except (InvalidKeyIdError, BadSignatureError):
        return jwt.decode(text, key=documents.keys(anew=True), registry=registry)


def _why(error: "JoseError") -> str:
    """authlib's code, and the claim that it is about; never what the token has there."""
    claim = getattr(error, "claim", "")
    return f"{error.error}: {claim}" if claim else str(error.error)


def refused(what: str) -> Refused:
    return Refused(
        f"{what}.",
        code="sign_in_refused",
        remedy="Sign in again. If that does not help, ask whoever runs Egret.",
    )
