"""Server-sent events: new lines of a function's log, while its page is open.

`line` has a line as HTML, `live` and `note` are about the tail itself, and `done` is its end, with
the reason: a browser tells a page no other one. `Last-Event-ID` resumes it after a lost connection.
It ends by itself after STREAM_MAX_S, and when who watches has signed out or the function is gone.
Without JavaScript the page is loaded again instead.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import anyio
from fastapi import Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.errors import is_transient
from webapp.aws.logs import LogLine
from webapp.aws.newest_lines import Place
from webapp.deps import Parts, Router, Viewer, parts_of
from webapp.errors import EgretError, Unavailable
from webapp.models import utc_now
from webapp.rendering.drafts import Query
from webapp.rendering.templating import partial_context, render
from webapp.routes.log_queries import log_query, place_of
from webapp.routes.places import APlace
from webapp.routes.watching import Over, check, meanwhile
from webapp.services import functions
from webapp.services.functions.activity.levels import level_of
from webapp.services.functions.activity.logs import log_name
from webapp.services.functions.activity.tails import POLL_S, STREAM_MAX_S, Tailed, Watcher
from webapp.services.functions.activity.times import Span
from webapp.services.functions.details import network_of
from webapp.watching.readers import Watcher as Person

router = Router()
FIRST = timedelta(minutes=1)
"""How far back a tail begins that is not resumed."""
AGAIN = "The live tail was interrupted. Start it again."
ENDED = f"The live tail ended after {STREAM_MAX_S / 60:.0f} minutes."


@dataclass(frozen=True)
class Stream:
    """One page's, about the function of that name."""

    request: Request
    name: str
    cloud: Cloud
    tailed: Tailed
    watcher: Watcher
    session_id: str

    @property
    def parts(self) -> Parts:
        return parts_of(self.request)


def _open(
    ctx: Viewer, name: str, query: Query, last_event_id: Annotated[str, Header()] = ""
) -> Stream:
    """It holds no connection of the database while it waits. Raises what the page should say."""
    text, level, request_id = map(query.text, ("filter", "level", "request"))
    asked = log_query(Span(), text=text, level=level, request_id=request_id, after="")
    asked.search()  # raises Invalid before the answer begins
    function = functions.get(ctx.session, name)
    site = network_of(ctx.session, function).site
    beginning = Place(int((utc_now() - FIRST).timestamp() * 1000))
    after = place_of(last_event_id) or place_of(query.text("after")) or beginning
    tailed = Tailed(site.account_id, site.region, log_name(function), asked)
    own = ctx.own.id if ctx.own else ""
    return Stream(ctx.request, name, ctx.cloud_of(site), tailed, Watcher(after), own)


async def _place(request: Request, place: APlace) -> AsyncIterator[str]:
    """A place among the tails of this process as well; or why there is none."""
    with ExitStack() as held:
        why_not = place.why_not
        try:
            held.enter_context(parts_of(request).tails.stream())
        except Unavailable as error:
            why_not = why_not or str(error)
        yield why_not


@router.get("/functions/{name}/logs/tail", response_class=EventSourceResponse)
async def tail(
    stream: Annotated[Stream, Depends(_open)], no_place: Annotated[str, Depends(_place)]
) -> AsyncIterator[ServerSentEvent]:
    if no_place:
        yield ServerSentEvent(raw_data=no_place, event="done")
        return
    person = Person(stream.session_id, ("functions", stream.name))
    with stream.parts.hub.joined(person):
        async for event in _events(stream, person):
            yield event


async def _events(stream: Stream, person: Person) -> AsyncIterator[ServerSentEvent]:
    until, trouble, pause_s = time.monotonic() + STREAM_MAX_S, "", 0.0
    own_thread = anyio.CapacityLimiter(1)  # nothing else waits for it
    while time.monotonic() < until:
        try:
            await meanwhile(person, asyncio.sleep(pause_s))
            pause_s = POLL_S
            reading = anyio.to_thread.run_sync(
                _read, stream, limiter=own_thread, abandon_on_cancel=True
            )
            lines = await meanwhile(person, reading)
        except Over:
            why = await anyio.to_thread.run_sync(_why_over, stream, limiter=own_thread)
            yield ServerSentEvent(raw_data=_one_line(why), event="done")
            return
        except (NoConnection, OperationalError):
            pass  # the database can be read again later
        except EgretError as error:
            if not is_transient(error):
                yield ServerSentEvent(raw_data=_one_line(str(error)), event="done")
                return
            if str(error) != trouble:
                trouble = str(error)
                yield ServerSentEvent(raw_data=_one_line(trouble), event="note")
        else:
            if trouble:
                trouble = ""
                yield ServerSentEvent(raw_data="again", event="live")
            for event in _news(stream, lines):
                yield event
    yield ServerSentEvent(raw_data=ENDED, event="done")


def _read(stream: Stream) -> list[LogLine]:
    """Before anything is told, it is asked whether it may be; otherwise the hub says so in time.

    Raises what ends it.
    """
    lines = stream.parts.tails.read(stream.cloud, stream.tailed, stream.watcher.after.at)
    if lines and lines[-1].place not in stream.watcher.sent:
        _check(stream)
    return lines


def _check(stream: Stream) -> None:
    """Raises NotFound when the function is gone, and Unauthenticated."""
    with Session(stream.parts.engine) as session:
        functions.get(session, stream.name)
        check(session, stream.session_id)


def _why_over(stream: Stream) -> str:
    try:
        _check(stream)
    except (EgretError, SQLAlchemyError) as error:
        return str(error) if isinstance(error, EgretError) else AGAIN
    return AGAIN


def _news(stream: Stream, lines: list[LogLine]) -> list[ServerSentEvent]:
    """A note follows the lines: each of them says that the tail is live."""
    new, missed = stream.watcher.news(lines)
    text = "Some lines are not shown: there were too many at once."
    notes = [ServerSentEvent(raw_data=text, event="note")] if missed else []
    return [_event(stream, line) for line in new] + notes


def _event(stream: Stream, line: LogLine) -> ServerSentEvent:
    context = partial_context(stream.request) | {"line": line, "level": level_of(line.message)}
    html = render("functions/_log_line.html", **context)
    return ServerSentEvent(raw_data=html, event="line", id=str(stream.watcher.reach(line)))


def _one_line(text: str) -> str:
    return " ".join(text.split())
