"""A stream's place, for as long as its answer lasts."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated

from fastapi import Depends

from webapp.deps import WhoAsks
from webapp.errors import Busy


async def _place(ctx: WhoAsks) -> AsyncIterator[str]:
    """Why there is none, or ''. FastAPI gives it back at any end, also of what was never begun."""
    with ExitStack() as held:
        why_not = ""
        try:
            held.enter_context(ctx.parts.streams.hold(ctx.own.id if ctx.own else ctx.actor))
        except Busy as error:
            why_not = str(error)
        yield why_not


NoPlace = Annotated[str, Depends(_place)]
