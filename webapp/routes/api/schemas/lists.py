"""Lists: one page at a time, by cursor."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from webapp.models import StackEvent
from webapp.routes.api.schemas.events import EventOut, event_out

PAGE_MAX = 200
EVENT_ID_MAX = 2**31 - 1
Item = TypeVar("Item")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many items at most")]
After = Annotated[str | None, Query(description="`next` of the previous page")]
AfterEvent = Annotated[int, Query(ge=0, le=EVENT_ID_MAX, description="`next` of the previous page")]


class Listed(BaseModel, Generic[Item]):
    """One page of a list; `next` is what to send as `after` for the next one."""

    items: list[Item]
    next: str | None


def listed(
    rows: Sequence[Row],
    give: Callable[[Row], Item],
    key: Callable[[Row], str],
    *,
    limit: int,
    after: str | None,
) -> Listed[Item]:
    """The page after the row with the key `after`; `rows` are in the order of their keys."""
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
