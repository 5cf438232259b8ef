"""Writes refused and failed tries to the audit trail, in a transaction of their own.

Whoever answers with an error notes it; what was noted is written just before the answer is sent, so
that who has the answer finds the row. No answer fails because the row cannot be written.

A row is kept for each change that is refused to somebody who is signed in, and for every 403. What
nobody in particular asked for must not fill the disk: of that there are few rows a minute. Wrong
passwords and tokens are counted and recorded by `services.access`.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, SQLModel
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as HttpScope

from webapp.browsers import SAFE_METHODS, client_of, request_id_of
from webapp.deps import parts_of
from webapp.edge.middleware import PATH_CHARACTERS, loggable
from webapp.models import AccessToken, Address, AuditResult, User
from webapp.scope import NOBODY, Origin, Scope, Thing

REFUSED = (403, 409, 422)
FAILED_FROM = 500
PATH_MAX_CHARS = 200
NAME_MAX_CHARS = 80
RECORDED_ELSEWHERE = frozenset({"bad_setup_token", "no_role", "sign_in_over", "sign_in_refused"})
NOUNS = {"addresses": "address", "people": "user"}
"""Where a path does not simply have the plural."""
OF_ONESELF = ("account", "confirm-identity", "sign-out")
"""Paths of what a person does to their own account."""
ROWS: dict[str, type[SQLModel]] = {"address": Address, "user": User, "token": AccessToken}
"""What a path has the id of, but the audit trail calls by its name, or its IP."""

log = logging.getLogger("egret.audit")


@dataclass(frozen=True)
class Try:
    """What somebody tried, in the words of the route."""

    actor: str
    origin: Origin
    method: str
    action: str
    thing: Thing
    detail: str
    code: str
    known_as: AuditResult | None

    def result(self, status: int) -> AuditResult | None:
        """None for what belongs into no audit trail, such as a page that is not there."""
        if self.known_as:
            return self.known_as
        if status != 403 and (self.origin.is_anonymous or self.method in SAFE_METHODS):
            return None
        if self.code in RECORDED_ELSEWHERE:
            return None
        if status >= FAILED_FROM:
            return AuditResult.FAILED
        return AuditResult.REFUSED if status in REFUSED else None


def note(
    request: Request, code: str, *, fields: Collection[str] = (), result: AuditResult | None = None
) -> None:
    """Say why the request is answered with an error; `result` where its status does not show it."""
    unknown = NOBODY, Origin("", client_of(request), request_id_of(request))
    actor, origin = getattr(request.state, "asked_by", unknown)
    path = str(request.scope["path"])
    detail = f"{request.method} {loggable(path)[:PATH_MAX_CHARS]}"
    if named := ", ".join(field for field in fields if field):
        detail += f" ({named[:PATH_MAX_CHARS]})"
    route = request.scope.get("route")
    action = getattr(route, "name", request.method.lower()).replace("_", " ")
    thing = _thing(path, getattr(route, "path", ""))
    if path.strip("/").partition("/")[0] in OF_ONESELF:
        thing = Thing("user", "" if origin.is_anonymous else actor)
    request.state.tried = Try(actor, origin, request.method, action, thing, detail, code, result)


class RecordRefusals:
    """Writes what was noted, before the answer begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start" and (tried := state.get("tried")):
                result, parts = tried.result(message["status"]), parts_of(Request(scope))
                if result and parts.allowance.take(tried.actor, tried.origin, tried.action):
                    await run_in_threadpool(_write, parts.engine, tried, result)
            await send(message)

        await self._app(scope, receive, send_recorded)


def _write(engine: Engine, tried: Try, result: AuditResult) -> None:
    try:
        with Session(engine) as session:
            scope = Scope(session, tried.actor, origin=tried.origin)
            thing = _known(session, tried.thing)
            scope.record(tried.action, thing, tried.detail, result=result, code=tried.code)
            session.commit()
    except SQLAlchemyError as error:
        log.error("no audit event was written for request %s: %s", tried.origin.request_id, error)


def _known(session: Session, thing: Thing) -> Thing:
    """By its name, as everywhere else in the trail, where the path had its id."""
    kind = ROWS.get(thing.noun)
    row: Any = session.get(kind, thing.audit_name) if kind and thing.audit_name else None
    return Thing(row.noun, row.audit_name) if row and row.audit_name else thing


def _thing(path: str, template: str) -> Thing:
    """`network` and `main` of /networks/main/parking; no name where the route has none there."""
    parts, places = (text.removeprefix("/api/v1").split("/")[1:3] for text in (path, template))
    noun, name = [*parts, "", ""][:2]
    is_name = places[1:] and places[1].startswith("{")
    return Thing(_shown(NOUNS.get(noun, noun.removesuffix("s"))), _shown(name) if is_name else "")


def _shown(text: str) -> str:
    return quote(text, safe=PATH_CHARACTERS)[:NAME_MAX_CHARS]
