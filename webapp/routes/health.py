"""For load balancers and containers: is the process alive, and can it serve?"""

from fastapi import Response
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from webapp.db import check_writable
from webapp.deps import Anyone, Router
from webapp.errors import Unavailable

router = Router(include_in_schema=False)


@router.get("/healthz")
async def healthz(_ctx: Anyone) -> Response:
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz")
def readyz(ctx: Anyone) -> Response:
    try:
        check_writable(ctx.parts.engine)
    except NoConnection:
        raise
    except SQLAlchemyError as error:
        raise Unavailable(
            "The database cannot be written.",
            remedy="See whether it is locked or gone, and whether its disk is full.",
        ) from error
    return Response("ready\n", media_type="text/plain")
