"""A stack's events on the page of its network or function: rows that are only added."""

from dataclasses import dataclass

from markupsafe import Markup
from sqlmodel import Session

from webapp.models import StackRow
from webapp.rendering.prepared import prepared
from webapp.rendering.templating import render
from webapp.services.engine import events


@dataclass(frozen=True)
class Timeline:
    """`newest_id` is the last event's, or 0."""

    newest_id: int
    lines: Markup


def timeline_of(session: Session, row: StackRow) -> Timeline:
    newest = events.newest_of(session, row)
    newest_id = newest.id if newest else 0

    def make() -> str:
        shown = events.newest(session, row, most=events.SHOWN_MAX, up_to=newest_id)
        return render("stacks/_lines.html", events=shown, events_max=events.SHOWN_MAX)

    return Timeline(newest_id, prepared.get((row.owner, newest), make))
