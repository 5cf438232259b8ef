"""Lines of the log for requests: as the ordinary formatter makes them, for a twentieth of the work.

It makes a line once, for a request that never was; what changes from one request to the next, its
time, its id and how long it took, is then put in the place of that one's. Lines of hot answers are
written together, FLUSH_S later at most, and before any line that comes after them.
"""

import asyncio
import logging
import secrets
import time
from typing import Final, NamedTuple

from webapp import logs

FLUSH_S: Final = 0.1
WAITING_MAX: Final = 500
REMEMBERED_MAX: Final = 2048
IDS_AT_ONCE: Final = 512
ID_BYTES: Final = 8
MODEL_ID: Final = secrets.token_hex(ID_BYTES)
MODEL_TRACE: Final = secrets.token_hex(2 * ID_BYTES)
MODEL_TOOK_MS: Final = secrets.randbits(60)
MODEL_TIME: Final = "1970-01-01T00:00:00.000+00:00"

log = logging.getLogger("egret.access")


class Line(NamedTuple):
    """What one is about; '' for what is not known."""

    method: str
    path: str
    status: int
    client: str
    operation: str
    user: str
    role: str

    def known(self, trace_id: str = "") -> dict[str, str]:
        """What it says of the request, beside its id, in the order in which others say it."""
        names = {"client": self.client, "trace_id": trace_id, "operation": self.operation}
        names |= {"user": self.user, "role": self.role}
        return {name: value for name, value in names.items() if value or name == "client"}


class AccessLines:
    """Of one process; only its loop uses it."""

    def __init__(self) -> None:
        self._models: dict[tuple[Line, bool], str] = {}
        self._ids: list[str] = []
        self._at_ms, self._written = 0, ""
        self._timer: asyncio.TimerHandle | None = None

    def new_id(self) -> str:
        """As random as others, and read from the system many at a time."""
        if not self._ids:
            found = secrets.token_bytes(ID_BYTES * IDS_AT_ONCE).hex(" ", ID_BYTES)
            self._ids = found.split()
        return self._ids.pop()

    def write(self, line: Line, request_id: str, trace_id: str, took_ms: int) -> None:
        """Now. `trace_id` is empty if no trace of it is recorded."""
        if stream := self._add(line, request_id, trace_id, took_ms):
            stream.flush()

    def write_soon(self, line: Line, request_id: str, trace_id: str = "") -> None:
        """Of a hot answer, which takes no time."""
        stream = self._add(line, request_id, trace_id, 0)
        if stream and stream.waiting >= WAITING_MAX:
            stream.flush()
        elif stream and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self._flush, stream)

    def _add(self, line: Line, request_id: str, trace_id: str, took_ms: int) -> logs.Stream | None:
        """Where it waits now; None if the log is another one, which has it already."""
        stream = logs.stream()
        if stream is None:
            with logs.about(request_id=request_id, **line.known(trace_id)):
                log.info(*_message(line, took_ms), extra=_extra(line, took_ms))
            return None
        key = line, bool(trace_id)
        text = self._models.get(key) or self._add_model(key, stream)
        text = text.replace(MODEL_TIME, self._now(), 1).replace(MODEL_ID, request_id, 1)
        text = text.replace(str(MODEL_TOOK_MS), str(took_ms))
        stream.later(text.replace(MODEL_TRACE, trace_id) if trace_id else text)
        return stream

    def _flush(self, stream: logs.Stream) -> None:
        self._timer = None
        stream.flush()

    def _add_model(self, key: tuple[Line, bool], stream: logs.Stream) -> str:
        line, is_traced = key
        message, *arguments = _message(line, MODEL_TOOK_MS)
        extra = _extra(line, MODEL_TOOK_MS)
        fields = {"name": log.name, "levelname": "INFO", "created": 0.0, **extra}
        told = {"msg": message, "args": tuple(arguments)}
        record = logging.makeLogRecord(fields | told)
        with logs.about(request_id=MODEL_ID, **line.known(MODEL_TRACE * is_traced)):
            text = stream.format(record)
        if len(self._models) >= REMEMBERED_MAX:
            self._models.clear()
        self._models[key] = text
        return text

    def _now(self) -> str:
        at_ms = time.time_ns() // 1_000_000
        if at_ms != self._at_ms:
            self._at_ms = at_ms
            seconds, rest_ms = divmod(at_ms, 1000)
            until_second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            self._written = f"{until_second}.{rest_ms:03}+00:00"
        return self._written


def _message(line: Line, took_ms: int) -> tuple[str, str, str, int, int]:
    return "%s %s %s %s ms", line.method, line.path, line.status, took_ms


def _extra(line: Line, took_ms: int) -> dict[str, int]:
    return {"status": line.status, "took_ms": took_ms}
