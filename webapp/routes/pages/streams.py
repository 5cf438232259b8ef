"""Server-sent events: a stack's timeline and status, while an operation is under way.

Any replica may be polling the stack, so the stream reads the database, to which the events are
copied. `Last-Event-ID` resumes it after a lost connection without a gap. Each time it compares what
the page shows with what was sent: while nothing changed, nothing is rendered and nothing is sent,
but for the comment `: ping` by which FastAPI keeps the connection open, every 15 s.

It ends when who watches has signed out.

The first view is read before the answer begins, so that a database that cannot be read is answered
with 503. Later on, the stream waits until it can.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import Session

from webapp.deps import Context, Router, Viewer, parts_of
from webapp.errors import NotFound, Unauthenticated
from webapp.models import Function, Network, StackEvent
from webapp.rendering.templating import partial_context, render
from webapp.routes.places import NoPlace
from webapp.routes.watching import Watching
from webapp.services import functions, networks
from webapp.services.engine import events
from webapp.services.functions import FunctionDetail
from webapp.services.networks import NetworkDetail

POLL_S = 0.5

router = Router()
State = tuple[Any, ...]
NOTHING: State = ()
Load = partial[NetworkDetail] | partial[FunctionDetail]
Draw = Callable[..., str]


@dataclass(frozen=True)
class View:
    """What the database says now; `status_html` is '' while `state` is what was sent last."""

    events: list[StackEvent]
    status_html: str
    state: State
    settled: bool


def resume_after(after: int = 0, last_event_id: Annotated[int, Header()] = 0) -> int:
    """The id of the last event that the browser has."""
    return max(after, last_event_id)


ResumeAfter = Annotated[int, Depends(resume_after)]


@dataclass(frozen=True)
class Stream:
    """Of one page; `first` is None when the thing is deleted, or when there is no place."""

    request: Request
    load: Load
    folder: str
    after: int
    first: View | None
    watching: Watching
    no_place: str = ""


def _of_network(ctx: Viewer, name: str, after: ResumeAfter, no_place: NoPlace) -> Stream:
    return _open(ctx, partial(networks.detail, name=name), "networks", after, no_place)


def _of_function(ctx: Viewer, name: str, after: ResumeAfter, no_place: NoPlace) -> Stream:
    return _open(ctx, partial(functions.detail, name=name), "functions", after, no_place)


@router.get("/networks/{name}/stream", response_class=EventSourceResponse)
async def stream_network(
    stream: Annotated[Stream, Depends(_of_network)],
) -> AsyncIterator[ServerSentEvent]:
    async for event in _events(stream):
        yield event


@router.get("/functions/{name}/stream", response_class=EventSourceResponse)
async def stream_function(
    stream: Annotated[Stream, Depends(_of_function)],
) -> AsyncIterator[ServerSentEvent]:
    async for event in _events(stream):
        yield event


def _open(ctx: Context, load: Load, folder: str, after: int, no_place: str) -> Stream:
    """It holds no connection of the database while it waits: each reading has one of its own."""
    first = None if no_place else _view(ctx.request, load, folder, after, NOTHING)
    return Stream(ctx.request, load, folder, after, first, Watching.of(ctx), no_place)


def _view(request: Request, load: Load, folder: str, after: int, sent: State) -> View | None:
    """What is new, or None when the thing is deleted."""
    try:
        return read(request, load, folder, after, sent)
    except NotFound:
        return None


async def _events(stream: Stream) -> AsyncIterator[ServerSentEvent]:
    """`row` per event, `status` when it changes, then `done`; `gone` when the thing is deleted.

    `gone` has two lines: where to go, and what to say there. `full` alone, with the reason, when
    there is no place for it: the page is then loaded again and again.
    """
    if stream.no_place:
        yield ServerSentEvent(raw_data=stream.no_place, event="full")
        return
    request, load, folder = stream.request, stream.load, stream.folder
    view, after, sent = stream.first, stream.after, NOTHING
    while True:
        if view is None:
            gone = f"/{folder}\n{load.keywords['name']} was deleted."
            yield ServerSentEvent(raw_data=gone, event="gone")
            return
        for event in view.events:
            after = event.id or after
            html = render("stacks/_event.html", **partial_context(request), event=event)
            yield ServerSentEvent(raw_data=html, event="row", id=str(after))
        if view.status_html:
            sent = view.state
            yield ServerSentEvent(raw_data=view.status_html, event="status")
        if view.settled:
            yield ServerSentEvent(raw_data="settled", event="done")
            return
        try:
            view = await _next(stream, after, sent)
        except Unauthenticated:
            return


async def _next(stream: Stream, after: int, sent: State) -> View | None:
    """The next view, once the database can be read. Raises Unauthenticated."""
    while True:
        await asyncio.sleep(parts_of(stream.request).streams.pause_s(POLL_S))
        with suppress(NoConnection, OperationalError):
            return await asyncio.to_thread(_view_again, stream, after, sent)


def _view_again(stream: Stream, after: int, sent: State) -> View | None:
    stream.watching.check()
    return _view(stream.request, stream.load, stream.folder, after, sent)


def read(
    request: Request, load: Load, folder: str, after: int, sent: State, *, draw: Draw = render
) -> View:
    """What is new after the event with that id, and after the status part that was sent last.

    Tests count what is drawn.
    """
    with Session(parts_of(request).engine, expire_on_commit=False) as session:
        detail = load(session)
        row = detail.network if isinstance(detail, NetworkDetail) else detail.function
        found, state = events.list_after(session, row, after), state_of(detail)
    html = ""
    if state != sent:
        html = draw(f"{folder}/_status.html", **partial_context(request), detail=detail)
    return View(found, html, state, detail.settled)


def state_of(detail: NetworkDetail | FunctionDetail) -> State:
    """All that the status part shows and that may change, but for the time so far."""
    if isinstance(detail, NetworkDetail):
        rows: list[Network | Function] = [detail.network, *detail.functions]
    else:
        rows = [detail.function, detail.network]
    progress, cause = detail.progress, detail.progress and detail.progress.root_cause
    return (
        tuple((row.id, row.version) for row in rows),
        detail.health,
        progress and (progress.done, progress.total, cause and cause.id),
        tuple((proof.id, proof.at, proof.ok) for proof in detail.proofs),
        tuple((a.id, a.status, a.public_ip, a.position) for a in detail.addresses),
    )
