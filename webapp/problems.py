"""Turns errors into responses: a page for people, problem+json (RFC 9457) for programs."""

import json
import logging
import re
from http import HTTPStatus
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm.exc import StaleDataError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.deps import API_PREFIX, parts_of
from webapp.drafts import draft_url, page_of
from webapp.errors import (
    Busy,
    Conflict,
    EgretError,
    Invalid,
    Malformed,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from webapp.forms import messages_of, read_data
from webapp.limits import body_max_bytes
from webapp.middleware import BY_HEAD
from webapp.refusals import note
from webapp.templating import page, see_other

RETRY_AFTER_S = 5
NOT_KEPT = {"secret": ", except the key", "headers": ", but only method and path"}
"""By a field of the form: see `webapp.drafts`."""
UNEXPECTED = "Egret failed unexpectedly. The error is in its log."
CHECK_THE_REQUEST = "Check what was sent."
log = logging.getLogger("egret")


class Problem(BaseModel):
    """`code` is for programs and does not change; `errors` has a message for each invalid field."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    remedy: str
    errors: dict[str, str]
    request_id: str


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(EgretError, _answer)
    app.add_exception_handler(Unauthenticated, _answer_unauthenticated)
    app.add_exception_handler(HTTPException, _answer_http_exception)
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(StaleDataError, _answer_stale_row)
    app.add_exception_handler(IntegrityError, _answer_stale_row)
    app.add_exception_handler(DataError, _answer_unstorable_value)
    app.add_exception_handler(OperationalError, _answer_database_failure)
    app.add_exception_handler(NoConnection, _answer_busy_database)


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
        except Exception as error:
            if has_begun or scope["type"] != "http":
                raise
            if isinstance(error, Busy):
                answer = _answer(Request(scope), error)
            else:
                answer = await run_in_threadpool(_last_answer, Request(scope), error)
            await answer(scope, receive, send)


def _answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, EgretError)  # noqa: S101 - registered for nothing else
    if request.url.path.startswith(API_PREFIX):
        note(request, error.code, fields=error.errors)
        answer: Response = _problem_json(request, error)
    else:
        answer = page(request, "error.html", status_code=error.status, error=error)
    is_busy = error.status == HTTPStatus.SERVICE_UNAVAILABLE
    if wait_s := error.retry_after_s or (RETRY_AFTER_S if is_busy else 0):
        answer.headers["Retry-After"] = str(wait_s)
    return answer


async def _answer_unauthenticated(request: Request, error: Exception) -> Response:
    """To the sign-in page, which leads back; a form that was sent comes back filled in."""
    if request.url.path.startswith(API_PREFIX):
        return _answer(request, error)
    if request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/sign-in?next={quote(request.url.path + query)}", 303)
    form = await _form_of(request)
    engine = parts_of(request).engine
    back = await run_in_threadpool(draft_url, engine, request.url.path, form)
    notice = "Your session has ended, so nothing was done. Sign in again to continue."
    if "?" in back:
        lost = next((text for name, text in NOT_KEPT.items() if name in form), "")
        notice += f" Your form is kept{lost}."
    return see_other(f"/sign-in?{urlencode({'next': back})}", notice, kind="warning")


async def _form_of(request: Request) -> FormData:
    try:
        return await read_data(request)
    except (HTTPException, ClientDisconnect):  # too large, not a form, or gone
        return FormData()


def _answer_database_failure(request: Request, error: Exception) -> Response:
    log.error("the database failed: %s", _cause(error))
    detail = "The database cannot be read or written at the moment."
    return _answer_later(request, detail)


def _answer_busy_database(request: Request, error: Exception) -> Response:
    log.error("no connection to the database is free: %s", _cause(error))
    return _answer_later(request, "Too many requests use the database at the moment.")


def _cause(error: Exception) -> object:
    """What the database said, without the statement, which has many lines."""
    return getattr(error, "orig", None) or error


def _answer_later(request: Request, detail: str) -> Response:
    request.state.form = FormData()  # where a long one would be kept
    return _answer(request, Unavailable(detail, remedy="Nothing is lost. Try again in a moment."))


def _answer_unstorable_value(request: Request, error: Exception) -> Response:
    log.warning("the database refused a value: %s", _cause(error))
    detail = "A value cannot be stored: it has a NUL character, or a number that is too large."
    return _answer(request, Invalid(detail, remedy=CHECK_THE_REQUEST))


def _problem_json(request: Request, error: EgretError) -> Response:
    problem = Problem(
        title=error.title,
        status=error.status,
        code=error.code,
        detail=error.detail,
        remedy=error.remedy,
        errors=error.errors,
        request_id=request.scope.get("request_id", ""),
    )
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else {}
    body = json.dumps(problem.model_dump())  # in ASCII: a text may quote half a surrogate pair
    return Response(body, error.status, headers, media_type="application/problem+json")


def _answer_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    path = request.url.path
    if error.status_code == 404 and (without := _without_slash(request)):
        return RedirectResponse(without, 308)
    headers, is_head = dict(error.headers or {}), request.scope.get(BY_HEAD)
    if error.status_code == 405 and not is_head:
        if request.method == "GET" and not path.startswith(API_PREFIX):
            return RedirectResponse(page_of(path), 303)  # somebody reloads the answer to a form
        if headers.get("Allow") == "GET":
            headers["Allow"] = "GET, HEAD"
    answer = _answer(request, _as_egret_error(request, error))
    answer.headers.update(headers)  # a 405 needs Allow (RFC 9110)
    return answer


def _without_slash(request: Request) -> str:
    """The same address without the slash at its end, if a route has it; else ''.

    It is relative and begins with one slash, so that it leads to no other host.
    """
    path = request.url.path
    shorter = path.rstrip("/")
    if shorter == path or not re.match(r"/[^/\\]", shorter):
        return ""
    scope = dict(request.scope, path=shorter)
    if all(route.matches(scope)[0] is Match.NONE for route in request.app.router.routes):
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(shorter) + query


def _as_egret_error(request: Request, error: HTTPException) -> EgretError:
    match error.status_code:
        case 404:
            return NotFound(f"There is nothing at {request.url.path}.")
        case 405:
            return _MethodNotAllowed(f"{request.method} is not allowed at {request.url.path}.")
        case 400:
            return Malformed(str(error.detail), remedy=CHECK_THE_REQUEST)
        case 413:
            limit_kib = body_max_bytes(request.url.path) // 1024
            return TooLarge("The request is too large.", remedy=f"At most {limit_kib} KiB.")
        case _:
            return Invalid(str(error.detail), remedy=CHECK_THE_REQUEST)


class _MethodNotAllowed(EgretError):
    status = 405
    title = "Method not allowed"
    default_code = "method_not_allowed"


def _answer_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    found = error.errors()
    if any(e["type"] == "json_invalid" or e["loc"] == ("body",) for e in found):
        remedy = "Send a JSON object, with Content-Type: application/json."
        return _answer(request, Invalid("The body is not a JSON object.", remedy=remedy))
    fields = messages_of(found, within=1)
    return _answer(request, Invalid("Some fields are not valid.", errors=fields))


def _answer_stale_row(request: Request, _error: Exception) -> Response:
    """Another request changed the same row between our reading and writing it."""
    return _answer(
        request,
        Conflict(
            "Someone else changed it at the same time. Nothing was done.",
            code="changed_meanwhile",
            remedy="Reload the page and try again.",
        ),
    )


def _last_answer(request: Request, error: Exception) -> Response:
    """In plain words when not even the page of an error can be shown."""
    try:
        return _answer_unexpected(request, error)
    except Exception:
        log.exception("the page of an error cannot be shown")
        return PlainTextResponse(f"{UNEXPECTED} Report the request id in X-Request-ID.", 500)


def _answer_unexpected(request: Request, error: Exception) -> Response:
    if isinstance(error, EgretError):
        return _answer(request, error)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)  # to nobody
    log.error("unexpected error", exc_info=error)
    request.state.form = FormData()  # no page of a form, which may be what fails
    return _answer(
        request,
        EgretError(
            UNEXPECTED,
            remedy="Try again. If it happens again, report the request id.",
        ),
    )
