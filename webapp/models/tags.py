"""Tags that people want on everything that Egret makes, such as those that a company demands.

The rules are the strictest of the services that get them: CloudFormation wants a value, KMS few
characters, IAM keys that differ in more than case.
"""

import json
import re
from collections.abc import Iterable

TAGS_MAX = 40
"""AWS allows 50; the others are Egret's own."""
KEY_MAX_CHARS, VALUE_MAX_CHARS = 128, 256
RESERVED_PREFIXES = ("aws:", "egret:")
RESERVED = "name"
_TEXT = re.compile(r"[\w .:/=+\-@]+")


def parse_tags(text: str) -> dict[str, str]:
    """Tags from `key=value` lines, from the same separated by commas, or from a JSON object.

    Raises ValueError with the rule.
    """
    if text.strip().startswith("{"):
        found: list[tuple[str, object]] = json.loads(text, object_pairs_hook=list)
        return _once((key, _text(key, value)) for key, value in found)
    tags = []
    for part in (part.strip() for part in re.split(r"[\n,]", text)):
        if part:
            key, separator, value = part.partition("=")
            if not separator:
                raise ValueError(f"Write each tag as key=value; {part!r} has no =.")
            tags.append((key.strip(), value.strip()))
    return _once(tags)


def problem_with_tags(tags: dict[str, str]) -> str:
    """The first rule that they break, as a sentence; '' when they break none."""
    if len(tags) > TAGS_MAX:
        return f"There may be at most {TAGS_MAX} tags."
    if len({key.lower() for key in tags}) < len(tags):
        return "Two tags differ only in upper and lower case, which IAM does not accept."
    return next((found for key in tags if (found := _problem(key, tags[key]))), "")


def _once(tags: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in tags:
        if key in found:
            raise ValueError(f"The tag {key} is there twice.")
        found[key] = value
    return found


def _text(key: str, value: object) -> str:
    """A number as JSON writes it is as good as a text; nothing else is."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"The value of the tag {key} must be a text in quotes.")
    return str(value)


def _problem(key: str, value: str) -> str:
    if key.lower().startswith(RESERVED_PREFIXES) or key.lower() == RESERVED:
        return f"The tag {key} is reserved: AWS or Egret sets it."
    for what, text, longest in (("key", key, KEY_MAX_CHARS), ("value", value, VALUE_MAX_CHARS)):
        if not 1 <= len(text) <= longest:
            return f"The {what} of the tag {key or '(empty)'} must have 1 to {longest} characters."
        if not _TEXT.fullmatch(text):
            return (
                f"The {what} of the tag {key} may have letters, digits, spaces and . : / = + - @ _"
            )
    return ""
