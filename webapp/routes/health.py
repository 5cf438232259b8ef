"""For load balancers and containers: is the process alive, and can it serve?"""

from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from webapp.deps import Anyone
from webapp.errors import Unavailable

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> Response:
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz")
def readyz(ctx: Anyone) -> Response:
    try:
        ctx.session.connection().execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise Unavailable("The database does not answer.") from error
    return Response("ready\n", media_type="text/plain")
