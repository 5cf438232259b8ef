"""Turns errors into responses: a page for people, problem+json (RFC 9457) for programs."""

import json
import logging
import re
from http import HTTPStatus
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm.exc import StaleDataError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from webapp.browsers import API_PREFIX
from webapp.deps import parts_of
from webapp.edge.json_bodies import BadJson
from webapp.edge.limits import body_max_bytes
from webapp.edge.middleware import BY_HEAD
from webapp.edge.refusals import note
from webapp.errors import (
    Conflict,
    EgretError,
    FactorMissing,
    Invalid,
    Malformed,
    NotConfirmed,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from webapp.models import AuditResult
from webapp.rendering.drafts import draft_url, page_of
from webapp.rendering.forms import invalid_fields, read_data
from webapp.rendering.templating import page, see_other

RETRY_AFTER_S = 5
READING = ("GET", "HEAD")
METHODS = (*READING, "POST", "PUT", "PATCH", "DELETE")
NOT_KEPT = {"secret": ", except the key", "headers": ", but only method and path"}
"""By a field of the form: see `webapp.rendering.drafts`."""
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

    @classmethod
    def of(cls, error: EgretError, request_id: str) -> "Problem":
        return cls(
            title=error.title,
            status=error.status,
            code=error.code,
            detail=error.detail,
            remedy=error.remedy,
            errors=error.errors,
            request_id=request_id,
        )


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(EgretError, answer)
    app.add_exception_handler(Unauthenticated, _answer_unauthenticated)
    app.add_exception_handler(NotConfirmed, _answer_not_confirmed)
    app.add_exception_handler(FactorMissing, _answer_factor_missing)
    app.add_exception_handler(HTTPException, _answer_http_exception)
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(StaleDataError, _answer_stale_row)
    app.add_exception_handler(IntegrityError, _answer_double_row)
    app.add_exception_handler(DataError, _answer_unstorable_value)
    app.add_exception_handler(OperationalError, _answer_database_failure)
    app.add_exception_handler(NoConnection, _answer_busy_database)


def answer(request: Request, error: Exception) -> Response:
    """A page, or problem+json at the API, with the error's status."""
    assert isinstance(error, EgretError)  # noqa: S101 - registered for nothing else
    if request.url.path.startswith(API_PREFIX):
        note(request, error.code, fields=error.errors)
        made: Response = _problem_json(request, error)
    else:
        made = page(request, "error.html", status_code=error.status, error=error)
    is_busy = error.status == HTTPStatus.SERVICE_UNAVAILABLE
    if wait_s := error.retry_after_s or (RETRY_AFTER_S if is_busy else 0):
        made.headers["Retry-After"] = str(wait_s)
    return made


async def _answer_unauthenticated(request: Request, error: Exception) -> Response:
    """To the sign-in page, which leads back; a form that was sent comes back filled in."""
    said = "Your session has ended, so nothing was done. Sign in again to continue."
    return await _ask_first(request, error, "/sign-in", said)


async def _answer_not_confirmed(request: Request, error: Exception) -> Response:
    """To the page that asks for the password once more, which leads back as well."""
    note(request, NotConfirmed.default_code, result=AuditResult.REFUSED)
    said = "Nothing was done yet. Confirm that it is you, then send the form again."
    return await _ask_first(request, error, "/confirm-identity", said)


async def _answer_factor_missing(request: Request, error: Exception) -> Response:
    """To the page that sets one up. What was asked for is refused until then."""
    if request.url.path.startswith(API_PREFIX):
        return answer(request, error)
    note(request, FactorMissing.default_code, result=AuditResult.REFUSED)
    return see_other("/account/second-factor")


async def _ask_first(request: Request, error: Exception, door: str, notice: str) -> Response:
    """`door` is the page where a secret is typed."""
    if request.url.path.startswith(API_PREFIX):
        return answer(request, error)
    if request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{door}?next={quote(request.url.path + query)}", 303)
    form = await _form_of(request)
    engine = parts_of(request).engine
    back = await run_in_threadpool(draft_url, engine, request.url.path, form)
    if "?" in back:
        lost = next((text for name, text in NOT_KEPT.items() if name in form), "")
        notice += f" Your form is kept{lost}."
    return see_other(f"{door}?{urlencode({'next': back})}", notice, kind="warning")


async def _form_of(request: Request) -> FormData:
    if (read := getattr(request.state, "form", None)) is not None:
        return FormData(read)  # the body is read once, perhaps by another object for this request
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
    return answer(request, Unavailable(detail, remedy="Nothing is lost. Try again in a moment."))


def _answer_unstorable_value(request: Request, error: Exception) -> Response:
    log.warning("the database refused a value: %s", _cause(error))
    detail = "A value cannot be stored: it has a NUL character, or a number that is too large."
    return answer(request, Invalid(detail, remedy=CHECK_THE_REQUEST))


def _problem_json(request: Request, error: EgretError) -> Response:
    problem = Problem.of(error, request.scope.get("request_id", ""))
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
        headers["Allow"] = _allowed(request)
    made = answer(request, _as_egret_error(request, error))
    made.headers.update(headers)  # a 405 needs Allow (RFC 9110)
    return made


def _without_slash(request: Request) -> str:
    """The same address without the slash at its end, if a route has it; else ''.

    It is relative and begins with one slash, so that it leads to no other host.
    """
    path = request.url.path
    shorter = path.rstrip("/")
    if shorter == path or not re.match(r"/[^/\\]", shorter):
        return ""
    if _best_match(request, path=shorter) is Match.NONE:
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(shorter) + query


def _allowed(request: Request) -> str:
    """All methods that the address takes (RFC 9110, 15.5.6); Starlette names those of one route."""
    if request.url.path.startswith("/static/"):  # files, which no route of ours names
        return ", ".join(READING)
    return ", ".join(each for each in METHODS if _best_match(request, method=each) is Match.FULL)


def _best_match(request: Request, **changed: str) -> Match:
    """Whether a route takes the request with another path or method."""
    scope = {**request.scope, **changed}
    if scope["method"] == "HEAD":
        scope["method"] = "GET"
    found: list[Match] = [route.matches(scope)[0] for route in request.app.router.routes]
    return max(found, key=lambda match: match.value)


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
        case _ if isinstance(error, BadJson):
            return error.invalid
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
        return answer(request, Invalid("The body is not a JSON object.", remedy=remedy))
    return answer(request, invalid_fields(found, within=1))


def _answer_stale_row(request: Request, _error: Exception) -> Response:
    """Another request changed the same row between our reading and writing it."""
    return answer(
        request,
        Conflict(
            "Someone else changed it at the same time. Nothing was done.",
            code="changed_meanwhile",
            remedy="Reload the page and try again.",
        ),
    )


def _answer_double_row(request: Request, error: Exception) -> Response:
    """Another request has written what may be there once only."""
    log.warning("the database refused a row: %s", _cause(error))
    return _answer_stale_row(request, error)
