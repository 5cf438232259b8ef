"""A stream's place, for as long as its answer lasts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from webapp.capacity.stream_places import StreamPlaces
from webapp.deps import WhoAsks
from webapp.errors import Busy


@dataclass
class Place:
    """Or `why_not`. What outlives the request keeps it, and gives it back."""

    places: StreamPlaces
    session_id: str
    why_not: str = ""
    is_kept: bool = False

    def give_back(self) -> None:
        self.places.give_back(self.session_id)


async def _place(ctx: WhoAsks) -> AsyncIterator[Place]:
    """FastAPI gives it back at any end, also of what was never begun."""
    place = Place(ctx.parts.streams, ctx.own.id if ctx.own else ctx.actor)
    try:
        place.places.take(place.session_id)
    except Busy as error:
        place.why_not = str(error)
    try:
        yield place
    finally:
        if not place.why_not and not place.is_kept:
            place.give_back()


APlace = Annotated[Place, Depends(_place)]
