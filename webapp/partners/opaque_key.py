"""Keys that are opaque text: what may be one, and what was pasted around it.

Such a key has no form that could be checked, so only what no key has is taken off: blanks and
quotes around it, `Bearer `, the name of a variable, of its header or of its parameter.
"""

import re

from webapp.partners.key_kinds import BEARER, HEADER, QUERY
from webapp.partners.untrusted_json import parse_object

KEY_MAX_BYTES = 4096
KEY_MIN_CHARS = 8
"""Shorter secrets could be guessed from their fingerprints, and are not keys."""
PASTED_MAX_CHARS = 16 * 1024
STEPS_MAX = 6
_AROUND = " \t\r\n\v\f\u00a0\ufeff\u200b\u2060"
_QUOTED = re.compile(r"([\"'`])([^\"'`]*)\1[,;]?")
_VARIABLE = re.compile(
    r"(?:(?:export|set|\$env:)\s{0,9})?[A-Z][A-Z0-9_]{0,60}"
    r"(?:KEY|TOKEN|SECRET|PASSWORD|AUTH)[A-Z0-9_]{0,60}\s{0,9}[=:]\s{0,9}(?=[^\s=])"
)
_BEARER = re.compile(r"bearer[ \t]+(?=\S)", re.IGNORECASE)
_WITH_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30} [!-~]+")
_PLACEHOLDER = re.compile(
    r"<.*>|\$?\{.*\}|\*+|\S*\*{4}\S*|x{8,}|(?:your|my)[_-][a-z_-]+", re.IGNORECASE
)


class NoKey(ValueError):
    """Why a text cannot be a key."""

    def __init__(self, detail: str, code: str) -> None:
        super().__init__(detail)
        self.detail, self.code = detail, code


def unwrapped(text: str, *, sent_by: str, sent_as: str) -> str:
    """The key without what was pasted around it; the text without blanks around it if unsure."""
    key = text.strip(_AROUND)
    if len(key) > PASTED_MAX_CHARS:
        return key
    for _ in range(STEPS_MAX):
        before, key = key, _without_one(key, sent_by, sent_as).strip(_AROUND)
        if key == before:
            break
    return key


def _without_one(text: str, sent_by: str, sent_as: str) -> str:
    if quoted := _QUOTED.fullmatch(text):
        return quoted[2]
    values = list(parse_object(text.encode(errors="replace")).values())
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    names = [_VARIABLE, _line_of("Authorization")]
    if sent_by == HEADER:
        names.append(_line_of(sent_as))
    if sent_by == QUERY:
        names.append(re.compile(rf"[?&]?{re.escape(sent_as)}=(?=[^\s=])"))
    if sent_by == BEARER or sent_as.lower() != "authorization":
        names.append(_BEARER)
    found = next(filter(None, (name.match(text) for name in names)), None)
    return text[found.end() :] if found else text


def _line_of(header: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(header)}:[ \t]*(?=\S)", re.IGNORECASE)


def check(secret: str, *, sent_by: str) -> None:
    """Raises NoKey."""
    if not secret:
        raise NoKey("There is no key in this text.", "no_key")
    if secret.startswith("-----BEGIN"):
        raise NoKey(
            "This is a PEM file, a certificate or a private key. Egret sends keys as text.", "pem"
        )
    if len(secret.encode(errors="replace")) > KEY_MAX_BYTES:
        raise NoKey(f"A key has at most {KEY_MAX_BYTES // 1024} KiB.", "key_too_large")
    if fields := len(parse_object(secret.encode(errors="replace"))):
        raise NoKey(f"This is JSON with {fields} fields, of which one is the key.", "json")
    if len(secret.splitlines()) > 1:
        raise NoKey("This text has several lines. A key has one.", "several_lines")
    if not (secret.isascii() and secret.isprintable()):
        raise NoKey(
            "A key is plain ASCII text. This text has other characters; perhaps something else was "
            "copied with it.",
            "not_ascii",
        )
    if _PLACEHOLDER.fullmatch(secret):
        raise NoKey(
            "This is a placeholder: the key itself was hidden where it was copied.", "hidden"
        )
    if " " in secret and not (sent_by == HEADER and _WITH_SCHEME.fullmatch(secret)):
        raise NoKey("This text has a space. Something else was copied with the key.", "has_space")
    if len(secret) < KEY_MIN_CHARS:
        raise NoKey(f"A key has at least {KEY_MIN_CHARS} characters.", "too_short")
