"""How grave a line of a function's log is, by how Lambda and Python write it.

In words: `[ERROR]`, `Task timed out`, `Traceback`. In JSON: the property `level`. What Lambda
itself writes about each call (START, END, REPORT) is of the level *platform*.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

import json
import re
from enum import IntEnum

from webapp.aws.filter_patterns import any_of


class Level(IntEnum):
    """The graver, the higher."""

    PLATFORM = 0
    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


CHOICES = {level.label: level for level in (Level.ERROR, Level.WARNING, Level.INFO)}
PLATFORM = re.compile(r"(START|END|REPORT) RequestId: |INIT_START |XRAY TraceId: ")
ERRORS = re.compile(
    r"\[(ERROR|CRITICAL)\]|Traceback \(most recent call last\)"
    r"|\S+ \S+ Task timed out after |RequestId: \S+ Error: "
)
WARNINGS = re.compile(r"\[WARN(ING)?\]")
NAMES = {
    "critical": Level.ERROR,
    "fatal": Level.ERROR,
    "error": Level.ERROR,
    "warning": Level.WARNING,
    "warn": Level.WARNING,
}
MARKS = {
    Level.ERROR: ("[ERROR]", "[CRITICAL]", "Traceback", "Task timed out", " Error: "),
    Level.WARNING: ("[WARN",),
}
JSON_MAX_CHARS = 64 * 1024


def level_of(message: str) -> Level:
    if PLATFORM.match(message):
        return Level.PLATFORM
    if ERRORS.match(message):
        return Level.ERROR
    if WARNINGS.match(message):
        return Level.WARNING
    return _of_json(message) if message.startswith("{") else Level.INFO


def pattern_of(level: Level) -> str:
    """A filter pattern for all lines that are at least that grave, and some others; '' for all."""
    if level < Level.WARNING:
        return ""
    marks = [mark for of, texts in MARKS.items() if of >= level for mark in texts]
    names = [name for name, of in NAMES.items() if of >= level]
    spellings = [spelling for name in names for spelling in (name, name.upper())]
    return any_of([*marks, *(f'"{spelling}"' for spelling in spellings)])


def _of_json(message: str) -> Level:
    try:
        name = json.loads(message[:JSON_MAX_CHARS]).get("level")
    except (ValueError, AttributeError, RecursionError):
        return Level.INFO
    return NAMES.get(str(name).lower(), Level.INFO)
