"""A stream of server-sent events that costs little while it waits, and ends with its session.

What is new comes from the hub (`webapp.watching`). Once it has begun, the stream is a connection
and nothing else (`webapp.edge.handing_over`): no task, no thread, no connection of the database.
Where the connection cannot be had, the call waits for the end instead.
"""

import asyncio
from contextvars import Context
from dataclasses import dataclass

from fastapi.sse import format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from webapp.edge.handing_over import hand_over_of
from webapp.models import Role
from webapp.routes.places import Place
from webapp.watching.hub import Hub
from webapp.watching.marks import Key
from webapp.watching.news import News
from webapp.watching.readers import Reader

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""nginx must pass each event on at once."""


OF_NO_REQUEST = Context()


def event(name: str, text: str, id: int | None = None) -> bytes:
    """As https://html.spec.whatwg.org/multipage/server-sent-events.html has it."""
    return format_sse_event(event=name, data_str=text, id=None if id is None else str(id))


@dataclass(frozen=True)
class Follows:
    """Which page a stream follows, for whom, and from where on: what was sent with its beginning.

    `version` is the hub's before that was read.
    """

    hub: Hub
    version: int
    place: Place
    session_id: str
    key: Key
    role: Role
    after: int
    state: object

    def reader(self) -> Reader:
        made = Reader(self.session_id, self.key, self.role)
        made.after, made.sent = self.after, self.state
        return made


class EventStream(Response):
    """What it begins with, and then what changes."""

    media_type = "text/event-stream"

    def __init__(self, first: News, follows: Follows | None = None) -> None:
        self.status_code, self.background = 200, None
        self.init_headers(HEADERS)
        self._first = first.chunk
        self._follows = None if first.is_last else follows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": self._first, "more_body": True})
        if self._follows:
            reader = self._follows.reader()
            hand_over = hand_over_of(scope)
            if hand_over and (write := hand_over(reader.end)):
                reader.write = write
                _leave_to_its_connection(self._follows, reader)
                return
            await _wait_for_the_end(self._follows, reader, receive, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _leave_to_its_connection(follows: Follows, reader: Reader) -> None:
    hub, place = follows.hub, follows.place
    place.is_kept = True

    def leave(_: object) -> None:
        hub.leave(reader)
        place.give_back()
        reader.write(b"")

    reader.ended.add_done_callback(leave, context=OF_NO_REQUEST)
    hub.join(reader, follows.version)


async def _wait_for_the_end(follows: Follows, reader: Reader, receive: Receive, send: Send) -> None:
    def write(part: bytes) -> bool:
        sending = send({"type": "http.response.body", "body": part, "more_body": True})
        steps = sending.__await__()
        try:
            next(steps)
        except StopIteration:
            return True
        except OSError:  # nobody is there any more
            return False
        steps.close()  # it would wait for who reads
        return False

    reader.write = write
    leaving = asyncio.ensure_future(_gone(receive))
    leaving.add_done_callback(lambda _: reader.end())
    try:
        follows.hub.join(reader, follows.version)
        await reader.ended
    finally:
        follows.hub.leave(reader)
        leaving.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
