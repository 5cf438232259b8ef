"""The answer to an error that nobody has foreseen."""

import logging
from asyncio import CancelledError
from functools import cache

from fastapi import Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.browsers import API_PREFIX
from webapp.edge.problems import RETRY_AFTER_S, answer
from webapp.errors import Busy, EgretError
from webapp.rendering.templating import render

UNEXPECTED = "Egret failed unexpectedly. The error is in its log."
CUT = "This replica ends, and had no answer yet."
LOOK = "Load the page again: it shows whether a change was made."
log = logging.getLogger("egret")


class UnexpectedErrors:
    """Answers what nothing else catches, and what a middleware within it raises.

    It is a middleware, and not a handler: Starlette calls a handler of `Exception` outside of all
    middleware, where an answer gets no headers and no entry in the log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except CancelledError:  # the process ends, and this has taken too long
            if has_begun or scope["type"] != "http":
                raise
            await _answer_busy(Request(scope), Busy(CUT, remedy=LOOK))(scope, receive, send)
        except Exception as error:
            if has_begun or scope["type"] != "http":
                raise
            if isinstance(error, Busy):  # which no thread is free for
                made = _answer_busy(Request(scope), error)
            else:
                made = await run_in_threadpool(_last_answer, Request(scope), error)
            await made(scope, receive, send)


def _answer_busy(request: Request, error: Busy) -> Response:
    """In a tenth of the time of another page: it is the loop that makes it."""
    if request.scope["path"].startswith(API_PREFIX):
        return answer(request, error)
    return busy_page(error)


def busy_page(error: Busy) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return HTMLResponse(_busy_html(error.detail, error.remedy), error.status, headers)


@cache
def _busy_html(detail: str, remedy: str) -> str:
    return render("busy.html", error=Busy(detail, remedy=remedy))


def _last_answer(request: Request, error: Exception) -> Response:
    """In plain words when not even the page of an error can be shown."""
    try:
        return _answer_unexpected(request, error)
    except Exception:
        log.exception("the page of an error cannot be shown")
        return PlainTextResponse(f"{UNEXPECTED} Report the request id in X-Request-ID.", 500)


def _answer_unexpected(request: Request, error: Exception) -> Response:
    if isinstance(error, EgretError):
        return answer(request, error)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)  # to nobody
    log.error("unexpected error", exc_info=error)
    request.state.form = FormData()  # no page of a form, which may be what fails
    return answer(
        request,
        EgretError(
            UNEXPECTED,
            remedy="Try again. If it happens again, report the request id.",
        ),
    )
