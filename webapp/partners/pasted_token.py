"""Finds a JWT in what somebody pasted: a line of a settings file, a header, JSON, a wrapped mail.

Only what cannot be part of a token is taken off. What is left is checked as a whole by the
partner's adapter, so a piece that is missing is not hidden.
"""

import re
import unicodedata

TOKEN_STARTS = ("eyJ", "eyA", "ewo", "ew0")
"""How base64url writes the beginning of a JSON object: `{"`, or a blank after the brace."""
SIGNATURE_CHARS = {"HS256": 43, "HS384": 64, "HS512": 86}
"""By the algorithm that a token names."""
PASTED_MAX_CHARS = 32 * 1024
_INSIDE = r"A-Za-z0-9_.\-"
_AROUND = " \t\r\n\"'`"
_ESCAPED_LINE_END = re.compile(r"(?:\\+r)?\\+n|\\\r?\n")
_QUOTED_LINE = re.compile(r"^[ \t]*[>|]+[ \t]*", re.MULTILINE)
_RUN = re.compile(rf"(?<![{_INSIDE}])(?:{'|'.join(TOKEN_STARTS)})[{_INSIDE}\s]*", re.ASCII)


def token_in(text: str) -> str:
    """The token in `text`; without one, or with several, the text without blanks around it."""
    found = tokens_in(text)
    return found[0] if len(found) == 1 else text.strip(_AROUND)


def tokens_in(text: str) -> list[str]:
    """Each different token in `text`, without the blanks and line ends inside it.

    None in a text that is longer than any token with what surrounds it.
    """
    if len(text) > PASTED_MAX_CHARS:
        return []
    visible = "".join(_visible(char) for char in text)
    plain = _QUOTED_LINE.sub("", _ESCAPED_LINE_END.sub("\n", visible))
    return list(dict.fromkeys(_joined(run) for run in _RUN.findall(plain)))


def _visible(char: str) -> str:
    """Nothing for what has no width, such as a byte order mark; a space for any other blank."""
    if unicodedata.category(char) == "Cf":
        return ""
    return " " if char.isspace() and char not in "\r\n" else char


def _joined(run: str) -> str:
    """The pieces of a token as one text; words that follow a token that is whole are left out."""
    pieces, token = run.split(), ""
    for number, piece in enumerate(pieces):
        token += piece
        if _is_whole(token) and "." not in "".join(pieces[number + 1 :]):
            break
    return token.rstrip(".")


def _is_whole(token: str) -> bool:
    """By its length only: three parts, the last one as long as the signature of a key."""
    parts = token.rstrip(".").split(".")
    return len(parts) == 3 and len(parts[2]) == SIGNATURE_CHARS["HS512"]
