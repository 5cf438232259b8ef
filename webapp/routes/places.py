"""A stream's place, for as long as its answer lasts."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from webapp.deps import WhoAsks
from webapp.errors import Busy


@dataclass(frozen=True)
class Place:
    """Or `why_not`. What outlives the request takes `held` over, and closes it."""

    held: ExitStack
    why_not: str = ""


async def _place(ctx: WhoAsks) -> AsyncIterator[Place]:
    """FastAPI gives it back at any end, also of what was never begun."""
    with ExitStack() as held:
        try:
            held.enter_context(ctx.parts.streams.hold(ctx.own.id if ctx.own else ctx.actor))
        except Busy as error:
            yield Place(held, str(error))
        else:
            yield Place(held)


APlace = Annotated[Place, Depends(_place)]
