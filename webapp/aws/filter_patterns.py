"""Filter patterns of CloudWatch Logs. Text that is typed never becomes a pattern by accident.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import re
from collections.abc import Iterable

PATTERN_MAX_CHARS = 1024
"""CloudWatch accepts no longer pattern."""
PLAIN = re.compile(r'[^"\\*%\x00-\x1f\x7f]{1,200}')


def term(text: str) -> str:
    """A pattern for messages that contain the text as it is."""
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def any_of(texts: Iterable[str]) -> str:
    """A pattern for messages that contain one of the texts. It goes with no other term."""
    return " ".join(f"?{term(text)}" for text in texts)


def is_condition(text: str) -> bool:
    """Whether the text is a pattern itself: braces with a selector in them."""
    return text.startswith("{") and text.endswith("}") and "$." in text


def equals(name: str, text: str) -> str:
    """A condition on a property; raises ValueError for a text that would be a pattern."""
    if not PLAIN.fullmatch(text):
        raise ValueError(text)
    return f'$.{name} = "{text}"'


def one_of(name: str, texts: Iterable[str]) -> str:
    """A condition on a property that is one of the texts. Raises as `equals` does."""
    conditions = [equals(name, text) for text in texts]
    return conditions[0] if len(conditions) == 1 else f"({' || '.join(conditions)})"


def all_of(conditions: Iterable[str]) -> str:
    """A pattern for messages in JSON that meet all conditions."""
    return "{ " + " && ".join(conditions) + " }"
