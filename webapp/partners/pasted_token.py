"""Finds a JWT in what somebody pasted: a line of a settings file, a header, JSON, a wrapped mail.

A token that was cut off must not be made whole by the words that follow it. So pieces are joined
only where they lie as wrapped text does, and only to a token whose signature has the right length.
What is left is checked as a whole by the partner's adapter, with the reason when it is no key.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from webapp.partners.pasted_text import plain
from webapp.partners.token_shape import is_beginning, is_whole, signature_chars

PASTED_MAX_CHARS = 32 * 1024
SEVERAL = 10
WIDTH_MIN = 10
"""Shorter lines are words."""
PREFIX_MAX = 12
"""By how much a first line may end earlier or later than the others, after `NAME="`."""
WORD_MIN_CHARS = 3
LETTERS_MAX = 20
"""Of so many characters of a token, some are no letters."""
_INSIDE = r"A-Za-z0-9_.\-"
_AROUND = " \t\r\n\"'`"
_RUN = re.compile(
    rf"(?<![{_INSIDE}])_{{0,3}}(?:e\s{{0,2}}y\s{{0,2}}[JA]|e\s{{0,2}}w\s{{0,2}}[o0])[{_INSIDE}\s]*",
    re.ASCII,
)
_PIECE = re.compile(rf"[{_INSIDE}]+", re.ASCII)
_LINE_ENDS = re.compile(r"[ \t]*(?:$|[\"'`<)\]},;])", re.MULTILINE)
_NAMES_SOMETHING = re.compile(r"[ \t]*[=:]")
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_VOWEL = re.compile(r"[aeiouyAEIOUY0-9]")


@dataclass(frozen=True)
class _Piece:
    """`column`: where it ends in its line. `alone`: nothing follows it in the line.

    `is_name`: an equals sign or colon follows, so it is the name of something.
    """

    text: str
    column: int
    alone: bool
    is_name: bool


def token_in(text: str) -> str:
    """The token in `text`; without one, or with several, the text without blanks around it."""
    found = tokens_in(text)
    return found[0] if len(found) == 1 else text.strip(_AROUND)


def tokens_in(text: str) -> list[str]:
    """Each different token in `text`, without the blanks and line ends inside it.

    One that was cut off is none if another one begins with it. None in a text that is longer than
    any token with what surrounds it.
    """
    if len(text) > PASTED_MAX_CHARS:
        return []
    lines = plain(text)
    found = [token for run in _RUN.finditer(lines) for token in _tokens(_pieces(lines, run))]
    found = list(dict.fromkeys(found))[:SEVERAL]
    return [a for a in found if not any(b != a and b.startswith(a) for b in found)]


def _pieces(text: str, run: re.Match[str]) -> list[_Piece]:
    pieces = []
    for found in _PIECE.finditer(text, run.start(), run.end()):
        start = text.rfind("\n", 0, found.start()) + 1
        pieces.append(
            _Piece(
                text=found[0],
                column=found.end() - start,
                alone=_LINE_ENDS.match(text, found.end()) is not None,
                is_name=_NAMES_SOMETHING.match(text, found.end()) is not None,
            )
        )
    return pieces


def _tokens(pieces: Sequence[_Piece]) -> list[str]:
    """The tokens in pieces with only blanks between them; the first one may be cut off."""
    found, at = [], 0
    while at < len(pieces):
        if at == 0 or is_beginning(pieces[at].text):
            token, used = _longest(pieces[at:])
            if token:
                found.append(token)
            at += used
        else:
            at += 1
    return found


def _longest(pieces: Sequence[_Piece]) -> tuple[str, int]:
    """A whole token and how many pieces it has; otherwise as much of one as belongs together."""
    joined, best, used = "", "", 1
    for count, piece in enumerate(pieces, 1):
        joined += piece.text
        if not _may_go_on(pieces[:count]):
            break
        if not _belong_together(pieces[:count]):
            continue
        token = _unmarked(joined)
        if is_whole(token):
            return token, count
        if count == 1 or not _is_too_long(token):
            best, used = token, count
    return (best if is_beginning(best) else ""), used


def _unmarked(token: str) -> str:
    """Without the dot after a sentence, and the marks of _emphasis_ on both sides."""
    bare = token.lstrip("_")
    marks = "_" * (len(token) - len(bare))
    return bare.rstrip(".").removesuffix(marks)


def _is_too_long(token: str) -> bool:
    lengths = signature_chars(token)
    parts = token.split(".")
    return len(parts) > 3 or (len(parts) == 3 and bool(lengths) and len(parts[2]) > max(lengths))


def _may_go_on(pieces: Sequence[_Piece]) -> bool:
    """Whether all but the last piece may be lines of one text."""
    if len(pieces) <= 3:
        return True
    width = max(len(piece.text) for piece in pieces[1:-1])
    return width >= WIDTH_MIN and _is_line(pieces[-3], pieces[-2], width)


def _belong_together(pieces: Sequence[_Piece]) -> bool:
    """Whether the pieces lie as those of one text that was wrapped, or broken at one place."""
    if len(pieces) == 1:
        return True
    *lines, last = pieces
    if any(piece.is_name for piece in pieces[1:]):
        return False
    if len(lines) == 1:
        return last.alone and not _is_word(last.text)
    if not last.alone and _is_word(last.text):
        return False
    if all(a.text.endswith(".") or b.text.startswith(".") for a, b in pairwise(pieces)):
        return True
    first, second = lines[:2]
    is_prefixed = abs(first.column - second.column) <= PREFIX_MAX
    return _is_wrapped(pieces) or (is_prefixed and _is_wrapped(pieces[1:]))


def _is_wrapped(pieces: Sequence[_Piece]) -> bool:
    """Whether all lines but the last are as long as the others, or end at a hyphen."""
    width = max(len(piece.text) for piece in pieces[:-1])
    return WIDTH_MIN <= width >= len(pieces[-1].text) and all(
        _is_line(a, b, width) for a, b in pairwise(pieces)
    )


def _is_line(piece: _Piece, following: _Piece, width: int) -> bool:
    """Whether the line is full, or ends at a hyphen because what follows had no room."""
    length = len(piece.text)
    return length == width or (
        piece.text.endswith("-") and length < width < length + len(following.text)
    )


def _is_word(text: str) -> bool:
    """Whether people write that: in one case, or with a vowel in each hump of its camel case.

    One or two letters are none. A random text may be taken for a word, the longer the less likely.
    """
    humps = _HUMP.findall(text)
    if text.isalpha() and (len(humps) == 1 or len(text) >= LETTERS_MAX):
        return len(text) > WORD_MIN_CHARS or _VOWEL.search(text) is not None
    return (
        len(text) >= WORD_MIN_CHARS
        and 3 * len(humps) <= len(text) + 1
        and all(_VOWEL.search(hump) for hump in humps)
    )
