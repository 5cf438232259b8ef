"""Makes the partner fail in the ways that real partners do, for a limited time."""

import asyncio
import time
from collections.abc import Callable
from typing import Literal

from fastapi import Request, Response
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

Mode = Literal[
    "none",
    "blocked",
    "down",
    "maintenance",
    "throttled",
    "html",
    "slow",
    "reset",
    "huge",
    "invalid_json",
]
HUGE_BYTES = 10 * 1024 * 1024
SLOW_S = 30.0
SECONDS_MAX = 600


class FaultResponse(Exception):
    """Raised to answer with the fault's response instead of the real one."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class Fault(BaseModel):
    mode: Mode
    seconds: float = Field(60, gt=0, le=SECONDS_MAX)


class Faults:
    """The fault that is set now, if any."""

    def __init__(self) -> None:
        self._mode: Mode = "none"
        self._until = 0.0

    def set(self, fault: Fault) -> None:
        self._mode, self._until = fault.mode, time.monotonic() + fault.seconds

    async def apply(self) -> None:
        """While a fault is set, wait (`slow`) or raise FaultResponse (the others)."""
        mode = self._mode if time.monotonic() < self._until else "none"
        if mode == "slow":
            await asyncio.sleep(SLOW_S)
        if mode in _RESPONSES:
            raise FaultResponse(_RESPONSES[mode]())


class CutOffResponse(Response):
    """Announces a body and ends without it, so that the server closes the connection."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def answer_fault(_request: Request, error: Exception) -> Response:
    assert isinstance(error, FaultResponse)  # noqa: S101 - registered for nothing else
    return error.response


def _json(status: int, body: str) -> Response:
    headers = {"content-type": "application/json", "cache-control": "public max-age=600"}
    return Response(body.encode(), status, headers)


def _html(status: int) -> Response:
    return Response(f"<html><h1>{status}</h1></html>", status, media_type="text/html")


_RESPONSES: dict[str, Callable[[], Response]] = {
    "down": lambda: _json(500, '{"reason":"unknownException"}'),
    "maintenance": lambda: _json(
        503,
        '{"reason":"inMaintenance","message":"API is currently in maintenance, '
        'please come back later"}',
    ),
    "throttled": lambda: _json(429, '{"reason":"requestThrottled"}'),
    "blocked": lambda: _html(403),
    "html": lambda: _html(502),
    "reset": CutOffResponse,
    "huge": lambda: _json(200, '{"items":["' + "x" * HUGE_BYTES + '"]}'),
    "invalid_json": lambda: _json(200, '{"items": ['),
}
