"""Switches by which the partner fails as real ones do, for a bounded time."""

import asyncio
import time
from typing import Literal

from fastapi import Response
from pydantic import BaseModel, Field

Mode = Literal["none", "down", "maintenance", "throttled", "html", "slow", "huge", "invalid_json"]
HUGE_BYTES = 10 * 1024 * 1024
SLOW_S = 30.0
SECONDS_MAX = 600


class Fault(BaseModel):
    mode: Mode
    seconds: float = Field(60, gt=0, le=SECONDS_MAX)


class Faults:
    def __init__(self) -> None:
        self._mode: Mode = "none"
        self._until = 0.0

    def set(self, fault: Fault) -> None:
        self._mode, self._until = fault.mode, time.monotonic() + fault.seconds

    async def answer(self) -> Response | None:
        """What to answer instead, while a fault is set."""
        mode = self._mode if time.monotonic() < self._until else "none"
        if mode == "slow":
            await asyncio.sleep(SLOW_S)
        return _ANSWERS[mode]() if mode in _ANSWERS else None


def _reason(status: int, body: str) -> Response:
    headers = {"content-type": "application/json", "cache-control": "public max-age=600"}
    return Response(body.encode(), status, headers)


def _html(status: int) -> Response:
    return Response(f"<html><h1>{status}</h1></html>", status, media_type="text/html")


_ANSWERS = {
    "down": lambda: _reason(500, '{"reason":"unknownException"}'),
    "maintenance": lambda: _reason(
        503,
        '{"reason":"inMaintenance","message":"API is currently in maintenance, '
        'please come back later"}',
    ),
    "throttled": lambda: _reason(429, '{"reason":"requestThrottled"}'),
    "html": lambda: _html(502),
    "huge": lambda: _reason(200, '{"items":["' + "x" * HUGE_BYTES + '"]}'),
    "invalid_json": lambda: _reason(200, '{"items": ['),
}
