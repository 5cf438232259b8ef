"""How log lines are written: as text, or one JSON object a line for programs.

A record is one line of characters that can be seen, whatever it says, so that nobody can forge
another one (https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html). In text, what
is known of the request stands before the message, which can thus not pretend to know it.
"""

import json
import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from structlog.processors import JSONRenderer, StackInfoRenderer, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict

QUIET = {
    "alembic.runtime": logging.WARNING,
    "botocore": logging.WARNING,
    "botocore.credentials": logging.CRITICAL,
    "httpx": logging.WARNING,
    "opentelemetry.exporter": logging.ERROR,
}
"""They log what they are made of, each step and call with its URL, and what was read instead of
credentials."""
EXTRA = ("status", "took_ms")
"""What a record may have beside its message, by `extra`."""
PLAIN = re.compile(r"[\w.:@/-]+", re.ASCII)
_ORDER = ("time", "level", "logger", "message")
_about: ContextVar[dict[str, str]] = ContextVar("about")


@contextmanager
def about(**known: str) -> Iterator[None]:
    """What every line in the block says, such as the id of a request."""
    token = _about.set(known)
    try:
        yield
    finally:
        _about.reset(token)


def note(**known: str) -> None:
    """The same, from here to the end of the block: also when it is noted in a thread of it."""
    _about.get({}).update(known)


def known() -> dict[str, str]:
    """What is said of what goes on."""
    return {**_about.get({})}


def configure(log_format: Literal["text", "json"]) -> None:
    """For the whole process, also for warnings and errors that nobody catches."""
    handler = Stream()
    handler.setFormatter(Lines(log_format))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # otherwise a line that cannot be written is a traceback
    sys.excepthook = lambda *error: _log_crash(error)
    sys.unraisablehook = lambda args: _log_crash(
        (args.exc_type, args.exc_value, args.exc_traceback)
    )
    threading.excepthook = lambda args: _log_crash(args[:3])


def say_error(text: str, log_format: Literal["text", "json"]) -> None:
    """Tell the person who started it why it ends."""
    if log_format == "text":
        sys.stderr.write(f"egret: {text}\n")
    else:
        logging.getLogger("egret").critical("%s", text)


def say(text: str, log_format: Literal["text", "json"], show: Callable[[str], None]) -> None:
    """Tell the person who started it something, in the form of the log."""
    if log_format == "text":
        show(f"\n  {text}\n")
        return
    told = {"name": "egret", "levelname": "INFO", "msg": "%s", "args": (text,)}
    show(Lines("json").format(logging.makeLogRecord(told)))


class Stream(logging.StreamHandler[TextIO]):
    """Writes to stderr; `later` is for lines that are many, and already formatted.

    They are written together, before any line that comes after them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[str] = deque()

    def later(self, line: str) -> None:
        """Somebody has to `flush` soon."""
        self._waiting.append(line)

    @property
    def waiting(self) -> int:
        """How many lines are not written yet."""
        return len(self._waiting)

    def emit(self, record: logging.LogRecord) -> None:
        self._write_waiting()
        super().emit(record)

    def flush(self) -> None:
        with self.lock or nullcontext():
            self._write_waiting()
            super().flush()

    def _write_waiting(self) -> None:
        lines = []
        while self._waiting:  # another thread may add to them meanwhile
            lines.append(self._waiting.popleft() + self.terminator)
        with suppress(OSError, ValueError):  # as with other lines that cannot be written
            if lines:
                self.stream.write("".join(lines))


def stream() -> Stream | None:
    """Where this process's log goes, if `configure` was called."""
    for each in logging.root.handlers:
        if isinstance(each, Stream):
            return each
    return None


class Lines(ProcessorFormatter):
    """One line a record, also for a record whose arguments are bad."""

    def __init__(self, log_format: Literal["text", "json"]) -> None:
        super().__init__(
            foreign_pre_chain=[ExtraAdder(EXTRA), StackInfoRenderer(), format_exc_info],
            processors=[_described, JSONRenderer() if log_format == "json" else _as_text],
        )

    def format(self, record: logging.LogRecord) -> str:
        plain = logging.makeLogRecord(record.__dict__)
        plain.msg, plain.args = _message(record), ()
        return super().format(plain)


def _described(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The fields of a line in their order."""
    record, message = event.pop("_record"), event.pop("event")
    del event["_from_structlog"]
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    values = (at, record.levelname, record.name, message)
    fixed = dict(zip(_ORDER, values, strict=True))
    line: EventDict = {**fixed, **_about.get({}), **event, **fixed}
    if "exception" in line:
        line["traceback"] = line.pop("exception")
    return line


def _as_text(_logger: object, _method: str, line: EventDict) -> str:
    time, level, logger, message = (line.pop(name) for name in _ORDER)
    ends = [line.pop(name) for name in ("traceback", "stack") if name in line]
    known = [f"{name}={_value(value)}" for name, value in line.items()]
    return " ".join([time, level, logger, *known, *map(_visible, [message, *ends])])


def _value(value: object) -> str:
    text = str(value)
    return text if PLAIN.fullmatch(text) else _visible(json.dumps(text, ensure_ascii=False))


def _visible(text: str) -> str:
    """On one line: what cannot be seen, and line breaks, as `\\n` or `\\u202e`."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # the arguments do not fit the text, or cannot be shown
        text = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        return f"{text} (its arguments cannot be shown)"


def _log_crash(error: Any) -> None:
    logging.getLogger("egret").critical("it ended by an error", exc_info=error)
