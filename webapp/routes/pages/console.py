"""The page of the test console: run a function with an event or a request, and save requests."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.aws.invocations import Run
from webapp.deps import ConfirmedOperator, Context, Operator, Router
from webapp.edge.json_bodies import read_json
from webapp.errors import EgretError, Invalid
from webapp.models import NewInvocation, NewSavedRequest, SavedRequest
from webapp.rendering.drafts import Query
from webapp.rendering.forms import Form, SubmittedForm, errors_by_field, validated
from webapp.rendering.shown_json import shown_json
from webapp.rendering.templating import page, see_other
from webapp.services import functions
from webapp.services.functions.activity.console import runs, saved_requests
from webapp.services.functions.activity.console.proxy_events import METHODS
from webapp.services.functions.activity.console.secret_names import (
    body_shown,
    headers_shown,
    path_shown,
    query_shown,
)

router = Router()
FIELDS = ("kind", "event", "method", "path", "query", "headers", "body", "name")
BLANK = {"kind": "request", "event": "{}", "method": "GET"}
SHOWN_MAX_CHARS = 256 * 1024
"""Of a body."""
CUT = "The API gives all of it."


@router.get("/functions/{name}/console")
def show(ctx: Operator, name: str, query: Query) -> HTMLResponse:
    if saved_id := query.text("saved"):
        function = functions.get(ctx.session, name)
        saved = saved_requests.find(ctx.session, function, saved_id)
        return _show(ctx, name, _written(saved))
    return _show(ctx, name, query.shown("method", "path"))


@router.post("/functions/{name}/console")
def run(ctx: Operator, name: str, form: Form) -> Response:
    try:
        ran = runs.run(ctx.scope, name, validated(NewInvocation, _content(form)))
    except EgretError as error:
        return _refused(ctx, name, form, error)
    return _show(ctx, name, _again(form), ran=ran)


@router.post("/functions/{name}/saved-requests")
def save(ctx: Operator, name: str, form: Form) -> Response:
    try:
        new = validated(NewSavedRequest, _content(form) | {"name": form.text("name")})
        saved = saved_requests.save(ctx.scope, name, new)
    except EgretError as error:
        ctx.session.rollback()
        return _refused(ctx, name, form, error)
    return see_other(f"/functions/{name}/console?saved={saved.id}", f"{saved.name} is saved.")


@router.post("/functions/{name}/saved-requests/{saved_id}/deletion")
def delete(ctx: ConfirmedOperator, name: str, saved_id: str) -> Response:
    saved = saved_requests.delete(ctx.scope, name, saved_id)
    return see_other(f"/functions/{name}/console", f"{saved.name} was deleted.")


def _content(form: SubmittedForm) -> dict[str, Any]:
    """The event or the request that was typed. Raises Invalid."""
    if form.text("kind") == "event":
        return {"event": _event(form.text("event"))}
    query: dict[str, Any] = {}
    for key, value in parse_qsl(form.text("query").strip(), keep_blank_values=True):
        query.setdefault(key, []).append(value)
    request = {name: form.text(name).strip() for name in ("method", "path")}
    body = form.text("body").replace("\r\n", "\n")
    headers = _headers(form.text("headers"))
    return {"request": request | {"query": query, "headers": headers, "body": body}}


def _event(text: str) -> dict[str, Any]:
    try:
        event = read_json((text or "{}").encode())
    except ValueError as error:
        raise Invalid(f"This is not JSON: {error}.", field="event") from error
    except Invalid as error:
        raise Invalid(error.detail, field="event") from error
    if not isinstance(event, dict):
        raise Invalid("An event is an object: { … }.", field="event")
    return event


def _headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = line.partition(":")
        if not colon:
            raise Invalid("Write one header per line, such as Accept: text/plain.", field="headers")
        headers[name.strip()] = value.strip()
    return headers


def _written(saved: SavedRequest) -> dict[str, str]:
    """As it is typed into the form."""
    form, invocation = {"name": saved.name}, saved.invocation
    if invocation.request is None:
        text = json.dumps(invocation.event, indent=2, ensure_ascii=False)
        return form | {"kind": "event", "event": text}
    request = invocation.request
    return form | {
        "kind": "request",
        "method": request.method,
        "path": request.path,
        "query": urlencode(request.query, doseq=True),
        "headers": "\n".join(f"{name}: {value}" for name, value in request.headers.items()),
        "body": request.body,
    }


def _again(form: SubmittedForm) -> dict[str, str]:
    """What was typed, but for the values that may be secrets: no page shows one."""
    hiding = {
        "path": path_shown,
        "query": query_shown,
        "headers": headers_shown,
        "body": body_shown,
        "event": body_shown,
    }
    return form.shown(*FIELDS) | {name: hide(form.text(name)) for name, hide in hiding.items()}


def _refused(ctx: Context, name: str, form: SubmittedForm, error: EgretError) -> HTMLResponse:
    if error.status == 404:
        raise error
    errors = {
        name.removeprefix("request.").partition(".")[0]: text
        for name, text in errors_by_field(error).items()
    }
    known = {field: text for field, text in errors.items() if field in FIELDS}
    shown = known or {"": " ".join(errors.values())}
    return _show(ctx, name, _again(form), errors=shown, status_code=error.status)


def _show(
    ctx: Context,
    name: str,
    form: dict[str, str],
    *,
    ran: Run | None = None,
    errors: dict[str, str] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    detail = functions.detail(ctx.session, name)
    usual = dict.fromkeys(FIELDS, "") | BLANK | {"path": f"/{detail.function.path}"}
    return page(
        ctx.request,
        "functions/console.html",
        status_code=status_code,
        function=detail.function,
        detail=detail,
        form=usual | {key: text for key, text in form.items() if text},
        errors=errors or {},
        ran=ran,
        body=shown_json(ran.invocation.body, SHOWN_MAX_CHARS, CUT) if ran else "",
        methods=METHODS,
        saved=saved_requests.list_all(ctx.session, detail.function),
    )
