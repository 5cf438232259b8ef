"""Keys of the Clash of Clans API: JWTs (RFC 7519) whose signature only the partner can check."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from webapp.partners.base import KeyClaims
from webapp.partners.pasted_token import tokens_in
from webapp.partners.token_shape import TOKEN_STARTS, decoded, ends_well, signature_chars
from webapp.partners.untrusted_json import as_list, as_object, as_text, as_texts

KEY_MAX_BYTES = 16 * 1024
OWN_SCOPE = "clash"
OTHER_GAMES = {"royale": "Clash Royale", "brawlstars": "Brawl Stars"}


class NoKey(ValueError):
    """Why a text cannot be a key."""

    def __init__(self, detail: str, code: str) -> None:
        super().__init__(detail)
        self.detail, self.code = detail, code


def claims_of(secret: str) -> KeyClaims:
    """What a key says about itself. Raises NoKey."""
    payload = _payload(secret)
    scopes = as_texts(payload.get("scopes"))
    limits = [as_object(limit) for limit in as_list(payload.get("limits"))]
    _check_scope(scopes)
    _check_permanent(payload, limits)
    cidrs = next(filter(None, (as_texts(limit.get("cidrs")) for limit in limits)), ())
    if not cidrs:
        raise NoKey("This key doesn't allow any addresses.", "no_cidrs")
    return KeyClaims(
        kind="Clash of Clans API key",
        scopes=scopes,
        cidrs=cidrs,
        tier=next(filter(None, (as_text(limit.get("tier")) for limit in limits)), ""),
        issued_at=_iso_time(payload.get("iat")),
    )


def _payload(secret: str) -> dict[str, Any]:
    if len(secret) > KEY_MAX_BYTES:
        raise NoKey(f"A key has at most {KEY_MAX_BYTES // 1024} KiB.", "key_too_large")
    if not secret.isascii():
        raise NoKey(
            "A key is plain ASCII text. This text has other characters; perhaps something else was "
            "copied with it.",
            "not_ascii",
        )
    parts = secret.split(".")
    begins_well = secret.startswith(TOKEN_STARTS)
    if len(tokens_in(secret)) > 1 or _has_another(parts):
        raise NoKey("There is more than one key in this text.", "several_keys")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", secret):
        raise _not_a_jwt()
    if begins_well and len(parts) < 3:
        raise _cut_off(f"a complete key has three parts, this text has {len(parts)}")
    if begins_well and len(parts) > 3:
        raise _too_long(f"it has {len(parts)} parts separated by dots, not 3")
    if len(parts) != 3:
        raise _not_a_jwt()
    header, payload = decoded(parts[0]), decoded(parts[1])
    if header is None or "alg" not in header:
        raise _not_a_jwt()
    if payload is None:
        raise _cut_off("a piece of its second part is missing")
    _check_signature(signature_chars(secret), parts[2])
    return payload


def _has_another(parts: Sequence[str]) -> bool:
    """Whether a token follows a token without a blank: their parts are glued together."""
    return len(parts) > 3 and any(start in "".join(parts[2:]) for start in TOKEN_STARTS)


def _check_signature(lengths: Sequence[int], signature: str) -> None:
    """Only the partner can check the signature; `lengths` are those that its algorithm gives."""
    longer = [length for length in lengths if length >= len(signature)]
    whole = min(longer) if longer else max(lengths, default=0)
    if len(signature) < (whole or 1):
        raise _cut_off(f"its last part has {len(signature)} characters, a complete key has {whole}")
    if whole and len(signature) > whole:
        raise _too_long(f"its last part has {len(signature)} characters, not {whole}")
    if whole and not ends_well(signature):
        raise _cut_off(
            f"no key ends with {signature[-1]}, so its end was replaced by what was copied with it"
        )


def _too_long(how: str) -> NoKey:
    return NoKey(f"Something else was copied with this key: {how}.", "too_long")


def _not_a_jwt() -> NoKey:
    return NoKey(
        "This is not an API key: a key is a JWT, three parts separated by dots. If you copied one, "
        "its beginning is missing or damaged.",
        "not_a_jwt",
    )


def _cut_off(how: str) -> NoKey:
    return NoKey(f"This key was cut off: {how}.", "cut_off")


def _check_scope(scopes: Sequence[str]) -> None:
    if OWN_SCOPE in scopes:
        return
    game = next((OTHER_GAMES[scope] for scope in scopes if scope in OTHER_GAMES), None)
    raise NoKey(
        f"This is a key for {game}." if game else "This key is not for Clash of Clans.",
        "other_game",
    )


def _check_permanent(payload: dict[str, Any], limits: Sequence[dict[str, Any]]) -> None:
    if "exp" in payload or any(limit.get("type") == "cors" for limit in limits):
        raise NoKey("This is the portal's own one-hour token, not a key.", "temporary_token")


def _iso_time(seconds: object) -> str:
    """In ISO 8601; empty if it is missing or outside the range of a date."""
    if not isinstance(seconds, int | float):
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return ""
