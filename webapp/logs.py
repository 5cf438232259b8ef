"""How log lines are written: as text, or one JSON object a line for programs."""

import json
import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
QUIET = {
    "botocore": logging.WARNING,
    "botocore.credentials": logging.CRITICAL,
    "httpx": logging.WARNING,
}
"""They log each call with its URL, and what was read instead of credentials."""


def configure(log_format: Literal["text", "json"]) -> None:
    """For the whole process, also for warnings and errors that nobody catches."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if log_format == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
    if log_format == "json":
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
    show(JsonLines().format(logging.makeLogRecord(told)))


class JsonLines(logging.Formatter):
    """One line of valid JSON, whatever is logged: quotes, line breaks, bad arguments."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if record.exc_info and record.exc_info[0]:
            line["traceback"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        return json.dumps(line)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # the arguments do not fit the text, or cannot be shown
        text = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        return f"{text} (its arguments cannot be shown)"


def _log_crash(error: Any) -> None:
    logging.getLogger("egret").critical("it ended by an error", exc_info=error)
