"""Lines of the log for hot answers: the same as those of others, for a fiftieth of the work.

A line is made once by the ordinary formatter, for a request that never was; what changes from one
request to the next, its time and its id, is then put in the place of that one's. Lines are written
together, FLUSH_S later at most, and before any line that comes after them.
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
        self._models: dict[tuple[Line, bool], tuple[str, str, str]] = {}
        self._ids: list[str] = []
        self._at_ms, self._written = 0, ""
        self._timer: asyncio.TimerHandle | None = None

    def new_id(self) -> str:
        """As random as others, and read from the system many at a time."""
        if not self._ids:
            found = secrets.token_bytes(ID_BYTES * IDS_AT_ONCE).hex(" ", ID_BYTES)
            self._ids = found.split()
        return self._ids.pop()

    def write(self, line: Line, request_id: str, trace_id: str = "") -> None:
        """`trace_id` is empty if no trace of it is recorded."""
        stream = logs.stream()
        if stream is None:
            with logs.about(request_id=request_id, **line.known(trace_id)):
                log.info(*_message(line), extra=_extra(line))
            return
        key = line, bool(trace_id)
        before, between, after = self._models.get(key) or self._add_model(key, stream)
        if trace_id:
            after = after.replace(MODEL_TRACE, trace_id)
        waiting = stream.later(f"{before}{self._now()}{between}{request_id}{after}")
        if waiting >= WAITING_MAX:
            stream.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self._flush, stream)

    def _flush(self, stream: logs.Stream) -> None:
        self._timer = None
        stream.flush()

    def _add_model(self, key: tuple[Line, bool], stream: logs.Stream) -> tuple[str, str, str]:
        line, is_traced = key
        message, *arguments = _message(line)
        fields = {"name": log.name, "levelname": "INFO", "created": 0.0, **_extra(line)}
        told = {"msg": message, "args": tuple(arguments)}
        record = logging.makeLogRecord(fields | told)
        with logs.about(request_id=MODEL_ID, **line.known(MODEL_TRACE * is_traced)):
            text = stream.format(record)
        before, _, rest = text.partition(MODEL_TIME)
        between, _, after = rest.partition(MODEL_ID)
        if len(self._models) >= REMEMBERED_MAX:
            self._models.clear()
        self._models[key] = before, between, after
        return before, between, after

    def _now(self) -> str:
        at_ms = time.time_ns() // 1_000_000
        if at_ms != self._at_ms:
            self._at_ms = at_ms
            seconds, rest_ms = divmod(at_ms, 1000)
            until_second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            self._written = f"{until_second}.{rest_ms:03}+00:00"
        return self._written


def _message(line: Line) -> tuple[str, str, str, int]:
    return "%s %s %s 0 ms", line.method, line.path, line.status


def _extra(line: Line) -> dict[str, int]:
    return {"status": line.status, "took_ms": 0}
