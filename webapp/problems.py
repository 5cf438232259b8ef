"""How an error is answered: a page for people, problem+json (RFC 9457) for programs."""

import logging
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from webapp.errors import (
    Conflict,
    EgretError,
    Invalid,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from webapp.forms import messages_of
from webapp.middleware import BODY_MAX_BYTES
from webapp.templating import page

API = "/api/"
BODY_MAX_KIB = BODY_MAX_BYTES // 1024
log = logging.getLogger("egret")


class Problem(BaseModel):
    """`code` is for programs and does not change, `errors` names the fields that do not fit."""

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
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(StaleDataError, _answer_stale)
    app.add_exception_handler(DataError, _answer_unstorable)
    app.add_exception_handler(OperationalError, _answer_no_database)
    app.add_exception_handler(Exception, _answer_unexpected)


def _answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, EgretError)  # noqa: S101 - registered for nothing else
    if request.url.path.startswith(API):
        return _problem(request, error)
    if isinstance(error, Unauthenticated):
        query = f"?{request.url.query}" if request.url.query else ""
        back = quote(request.url.path + query) if request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?next={back}", status_code=303)
    return page(request, "error.html", status_code=error.status, error=error)


def _answer_no_database(request: Request, error: Exception) -> Response:
    log.error("the database: %s", error)
    detail = "The database cannot be read or written just now."
    return _answer(request, Unavailable(detail, remedy="Nothing is lost. Try again in a moment."))


def _answer_unstorable(request: Request, error: Exception) -> Response:
    log.warning("the database: %s", error)
    detail = "Something that was sent cannot be kept: a NUL character, or a number without end."
    return _answer(request, Invalid(detail, remedy="Check what was sent."))


def _problem(request: Request, error: EgretError) -> JSONResponse:
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
    return JSONResponse(
        problem.model_dump(), error.status, headers, media_type="application/problem+json"
    )


def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    answer = _answer(request, _from_http(request, error))
    answer.headers.update(error.headers or {})  # Allow, of a 405
    return answer


def _from_http(request: Request, error: HTTPException) -> EgretError:
    match error.status_code:
        case 404:
            return NotFound(f"There is nothing at {request.url.path}.")
        case 405:
            return _WrongMethod(f"{request.method} is not possible at {request.url.path}.")
        case 413:
            return TooLarge("The request is too large.", remedy=f"At most {BODY_MAX_KIB} KiB.")
        case _:
            return Invalid(str(error.detail), remedy="Check what was sent.")


class _WrongMethod(EgretError):
    status = 405
    title = "Not possible here"
    default_code = "method_not_allowed"


def _answer_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    found = error.errors()
    if any(e["type"] == "json_invalid" or e["loc"] == ("body",) for e in found):
        remedy = "Send a JSON object, with Content-Type: application/json."
        return _answer(request, Invalid("The body is no JSON object.", remedy=remedy))
    fields = messages_of(found, within=1)
    return _answer(request, Invalid("Some fields need attention.", errors=fields))


def _answer_stale(request: Request, _error: Exception) -> Response:
    return _answer(
        request,
        Conflict(
            "It was changed by somebody else in the same moment. Nothing was done.",
            code="changed_meanwhile",
            remedy="Look at it again, then decide.",
        ),
    )


def _answer_unexpected(request: Request, error: Exception) -> Response:
    log.exception("unexpected error in request %s", request.scope.get("request_id"), exc_info=error)
    return _answer(
        request,
        EgretError(
            "Egret made a mistake. It has been written to the log.",
            remedy="Try again; if it stays, report the request id.",
        ),
    )
