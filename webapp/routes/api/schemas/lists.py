"""Lists: one page at a time, by cursor."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from webapp.lists.keyset import Page, Place
from webapp.models import StackEvent, Status
from webapp.models.texts import REGION_MAX
from webapp.routes.api.schemas.events import EventOut, event_out

PAGE_MAX = 200
EVENT_ID_MAX = 2**31 - 1
Item = TypeVar("Item")
Row = TypeVar("Row")

Begins = Annotated[str, Query(max_length=60, description="Only names that begin with this")]
InRegion = Annotated[str, Query(max_length=REGION_MAX, description="Only those of this region")]
OfStatus = Annotated[Status | None, Query(description="Only those of this status")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many items at most")]
After = Annotated[str | None, Query(description="`next` of the previous page")]
AfterEvent = Annotated[int, Query(ge=0, le=EVENT_ID_MAX, description="`next` of the previous page")]


class Listed(BaseModel, Generic[Item]):
    """One page of a list; `next` is what to send as `after` for the next one."""

    items: list[Item]
    next: str | None


def place(after: str | None, limit: int) -> Place:
    """Where the page begins that is asked for."""
    return Place(after=after or "", limit=limit)


def listed(page: Page[Row], give: Callable[[Row], Item]) -> Listed[Item]:
    return Listed(items=[give(row) for row in page.rows], next=page.next)


def listed_few(
    rows: Sequence[Row],
    give: Callable[[Row], Item],
    key: Callable[[Row], str],
    *,
    limit: int,
    after: str | None,
) -> Listed[Item]:
    """The same of rows that were all read, because there are few; in the order of their keys."""
    rest = [row for row in rows if after is None or key(row) > after]
    shown = rest[:limit]
    return Listed(
        items=[give(row) for row in shown],
        next=key(shown[-1]) if len(rest) > limit else None,
    )


def listed_events(found: Sequence[StackEvent], *, limit: int) -> Listed[EventOut]:
    """The first `limit` of the events; events are numbered, so the cursor is a number."""
    return Listed(
        items=[event_out(event) for event in found[:limit]],
        next=str(found[limit - 1].id) if len(found) > limit else None,
    )
