"""Server-sent events: a stack's timeline and status, while an operation is under way.

Any replica may be polling the stack, so the stream reads the database, to which the events are
copied. `Last-Event-ID` resumes it after a lost connection without a gap. Each time it compares what
the page shows with what was sent: while nothing changed, nothing is rendered and nothing is sent.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlmodel import Session

from webapp.deps import Context, Router, SignedIn, parts_of
from webapp.errors import NotFound
from webapp.models import Function, Network, StackEvent
from webapp.services import functions, networks
from webapp.services.engine import events
from webapp.services.functions import FunctionDetail
from webapp.services.networks import NetworkDetail
from webapp.templating import partial_context, render

POLL_S = 0.5

router = Router()
State = tuple[Any, ...]
Load = partial[NetworkDetail] | partial[FunctionDetail]


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


@router.get("/networks/{name}/stream", response_class=EventSourceResponse)
async def stream_network(
    ctx: SignedIn, name: str, after: ResumeAfter
) -> AsyncIterator[ServerSentEvent]:
    async for event in _stream(ctx, partial(networks.detail, name=name), "networks", after):
        yield event


@router.get("/functions/{name}/stream", response_class=EventSourceResponse)
async def stream_function(
    ctx: SignedIn, name: str, after: ResumeAfter
) -> AsyncIterator[ServerSentEvent]:
    async for event in _stream(ctx, partial(functions.detail, name=name), "functions", after):
        yield event


async def _stream(
    ctx: Context, load: Load, folder: str, after: int
) -> AsyncIterator[ServerSentEvent]:
    """`row` per event, `status` when it changes, then `done`; `gone` when the thing is deleted.

    `gone` has two lines: where to go, and what to say there.
    """
    ctx.session.close()  # a stream holds no connection of the database while it waits
    sent: State = ()
    while True:
        try:
            view = await asyncio.to_thread(read, ctx.request, load, folder, after, sent)
        except NotFound:
            gone = f"/{folder}\n{load.keywords['name']} was deleted."
            yield ServerSentEvent(raw_data=gone, event="gone")
            return
        for event in view.events:
            after = event.id or after
            html = render("stacks/_event.html", **partial_context(ctx.request), event=event)
            yield ServerSentEvent(raw_data=html, event="row", id=str(after))
        if view.status_html:
            sent = view.state
            yield ServerSentEvent(raw_data=view.status_html, event="status")
        if view.settled:
            yield ServerSentEvent(raw_data="settled", event="done")
            return
        await asyncio.sleep(POLL_S)


def read(request: Request, load: Load, folder: str, after: int, sent: State) -> View:
    """What is new after the event with that id, and after the status part that was sent last."""
    with Session(parts_of(request).engine, expire_on_commit=False) as session:
        detail = load(session)
        row = detail.network if isinstance(detail, NetworkDetail) else detail.function
        found, state = events.list_after(session, row, after), state_of(detail)
    html = ""
    if state != sent:
        html = render(f"{folder}/_status.html", **partial_context(request), detail=detail)
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
