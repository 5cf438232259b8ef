"""For load balancers and containers: is the process alive, and can it serve?

However busy it is: the first needs no thread and no database, the second a thread of its own.
"""

import anyio
from anyio.lowlevel import RunVar
from fastapi import Response
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from webapp.db import check_writable
from webapp.deps import Anyone, Router
from webapp.edge.connections import Connections
from webapp.errors import Unavailable

READINGS_AT_ONCE = 2

router = Router(include_in_schema=False)
_threads: RunVar[anyio.CapacityLimiter] = RunVar("threads of readyz")


@router.get("/healthz")
async def healthz(_ctx: Anyone) -> Response:
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz")
async def readyz(ctx: Anyone) -> Response:
    connections: Connections | None = getattr(ctx.request.app.state, "connections", None)
    if connections and connections.is_ending:
        raise Unavailable("This replica is ending.", remedy="Ask another one.")
    try:
        await anyio.to_thread.run_sync(check_writable, ctx.parts.engine, limiter=_own_threads())
    except NoConnection:
        raise
    except SQLAlchemyError as error:
        raise Unavailable(
            "The database cannot be written.",
            remedy="See whether it is locked or gone, and whether its disk is full.",
        ) from error
    return Response("ready\n", media_type="text/plain")


def _own_threads() -> anyio.CapacityLimiter:
    """Of this loop."""
    limiter = _threads.get(None)
    if limiter is None:
        _threads.set(limiter := anyio.CapacityLimiter(READINGS_AT_ONCE))
    return limiter
