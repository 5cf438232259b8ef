"""Server-sent events: a stack's timeline and status, while an operation is under way.

Any replica may be polling the stack, so the database, to which the events are copied, is read.
`Last-Event-ID` resumes a stream after a lost connection without a gap. `webapp.watching` looks once
for all streams; what a page shows is compared with what was sent, so that nothing is rendered and
nothing sent while nothing changes, but for the comment `: ping` every 15 s.

It ends when who watches has signed out.

The first view is read before the answer begins, so that a database that cannot be read is answered
with 503. Later on, the streams wait until it can.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header
from sqlmodel import Session

from webapp.deps import Context, Router, Viewer
from webapp.errors import NotFound
from webapp.models import Function, Network, Role, StackEvent
from webapp.rendering.templating import render, shared_context
from webapp.rendering.topologies import topology_of
from webapp.routes.places import APlace, Place
from webapp.routes.streaming import EventStream, Follows, event
from webapp.services import functions, networks
from webapp.services.engine import events
from webapp.services.engine.progress import RESULT_WITHIN, is_just_ready
from webapp.services.functions import FunctionDetail
from webapp.services.networks import NetworkDetail
from webapp.settings import Settings
from webapp.watching.marks import Key
from webapp.watching.news import Had, News

router = Router()
Detail = NetworkDetail | FunctionDetail
State = tuple[Any, ...]
NOTHING: State = ()


@dataclass(frozen=True)
class View:
    """What the database says now of the events after one, and of all else."""

    detail: Detail
    events: list[StackEvent]
    state: State

    @property
    def newest(self) -> int:
        return self.events[-1].id or 0 if self.events else 0

    @property
    def due_at(self) -> datetime | None:
        """It is settled a while after it became ready, even if nothing follows."""
        row = row_of(self.detail)
        return row.updated_at + RESULT_WITHIN if is_just_ready(row) else None


class StreamedPages:
    """Of networks and functions: reads what is new, and draws it for all who have a role."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, session: Session, key: Key, after: int) -> View | None:
        """None when the thing is deleted."""
        folder, name = key
        try:
            detail: Detail = (networks if folder == "networks" else functions).detail(session, name)
        except NotFound:
            return None
        found = events.list_after(session, row_of(detail), after)
        return View(detail, found, state_of(detail))

    def news(self, key: Key, view: View | None, had: Had) -> News:
        """`row` per event, `status` when it changes, then `done`; `gone` when it is deleted.

        `gone` has two lines: where to go, and what to say there.
        """
        folder, name = key
        if view is None:
            return News(event("gone", f"/{folder}\n{name} was deleted."), is_last=True)
        context = shared_context(self._settings, f"/{folder}/{name}", had.role)
        parts = [
            event("row", render("stacks/_event.html", **context, event=each), each.id)
            for each in view.events
            if (each.id or 0) > had.after
        ]
        if view.state != had.state:
            drawn = topology_of(view.detail) if isinstance(view.detail, NetworkDetail) else ""
            status = f"{folder}/_status.html"
            html = render(status, **context, detail=view.detail, topology=drawn)
            parts.append(event("status", html))
        if view.detail.settled:
            parts.append(event("done", "settled"))
        return News(b"".join(parts), is_last=view.detail.settled)


def resume_after(after: int = 0, last_event_id: Annotated[int, Header()] = 0) -> int:
    """The id of the last event that the browser has."""
    return max(after, last_event_id)


ResumeAfter = Annotated[int, Depends(resume_after)]


@router.get("/networks/{name}/stream", response_class=EventStream)
def stream_network(ctx: Viewer, name: str, after: ResumeAfter, place: APlace) -> EventStream:
    return _stream(ctx, ("networks", name), after, place)


@router.get("/functions/{name}/stream", response_class=EventStream)
def stream_function(ctx: Viewer, name: str, after: ResumeAfter, place: APlace) -> EventStream:
    return _stream(ctx, ("functions", name), after, place)


def _stream(ctx: Context, key: Key, after: int, place: Place) -> EventStream:
    """`full` alone, with the reason, when there is no place: the page is then loaded again and
    again."""
    if place.why_not:
        return EventStream(News(event("full", place.why_not), is_last=True))
    hub, pages, role = ctx.parts.hub, StreamedPages(ctx.settings), ctx.role or Role.VIEWER
    version = hub.version
    view = pages.read(ctx.session, key, after)
    first = pages.news(key, view, Had(after, NOTHING, role))
    if view is None:
        return EventStream(first)
    own = ctx.own.id if ctx.own else ""
    reached = max(after, view.newest)
    follows = Follows(hub, version, place, own, key, role, reached, view.state)
    return EventStream(first, follows)


def row_of(detail: Detail) -> Network | Function:
    return detail.network if isinstance(detail, NetworkDetail) else detail.function


def state_of(detail: Detail) -> State:
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
