"""Takes off what was pasted around or between the pieces of a token: escapes, tags, quotes, marks.

The line ends stay, and what separates words: `pasted_token` judges by them what belongs together.
Nothing here removes a character that a token may have, except where it is part of an escape.
"""

import html
import re
import unicodedata

_INLINE = "a|b|code|em|font|i|kbd|mark|s|samp|small|span|strong|tt|u|wbr"
_BLOCKS = "br|blockquote|div|li|p|pre|td|tr"
_STEPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        (rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", ""),
        (rf"</?(?:{_BLOCKS})(?:\s[^<>]*)?/?>", "\n"),
        (r"=(?:3D|22|20)(?=[\"']?e[yw])", "="),  # quoted-printable, as in mails
        (r"(?<=[A-Za-z0-9_.\-]{10})=[ \t]*\n", "\n"),
        (r"\\{1,8}[nr]", "\n"),
        (r"\\{1,8}t", " "),
        (r"\\{1,8}(?=[\"'`/])", ""),
        (r"^(?:[ \t]*(?:[>|#*+\u2502\u2503]|//))+[ \t]*", ""),  # a quoted mail, a table, a comment
        (r"[|\u2502\u2503\\^`][ \t]*$", ""),  # a table, or "goes on in the next line"
        # two texts that code puts together: "…" + "…", or one after the other
        (r"([\"'`])[ \t\n+&._|\\]{0,80}\1", "\n"),
    )
)
_HEX = re.compile(r"(?:\\{1,8}(?:u([0-9A-F]{4})|x([0-9A-F]{2}))|%([0-9A-F]{2}))", re.IGNORECASE)
_COLOUR = re.compile(r"(?:\x1b|\\(?:033|e(?=\[)))\[[0-9;?]*[A-Za-z]")
_LINE_END = re.compile(r"\r\n?|[\u2028\u2029\x85]")
_NUMBER = re.compile(r"^[ \t]*([0-9]{1,4})(?:[.:)|]?[ \t]+|[:)|])", re.MULTILINE)


def plain(text: str) -> str:
    """The text without wrappings, in lines; blanks of any kind are spaces."""
    text = html.unescape(_HEX.sub(lambda found: chr(int(found[found.lastindex or 1], 16)), text))
    text = _LINE_END.sub("\n", _COLOUR.sub("", text))
    text = "".join(_visible(char) for char in text)
    for pattern, replacement in _STEPS:
        text = pattern.sub(replacement, text)
    return _without_numbers(text)


def _visible(char: str) -> str:
    """Nothing for what has no width, such as a byte order mark; a space for any other blank."""
    if char == "\n":
        return char
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in ("Cc", "Cf") else char


def _without_numbers(text: str) -> str:
    """Without the numbers of lines, if there are several, each one more than the last."""
    numbers = [int(number) for number in _NUMBER.findall(text)]
    if len(numbers) > 1 and numbers == [*range(numbers[0], numbers[0] + len(numbers))]:
        return _NUMBER.sub("", text)
    return text
