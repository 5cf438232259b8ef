"""Saved requests: events and requests that are kept by name, to try a function with again.

They are in the database, where no secret belongs. So a field with a name such as Authorization or
`token` is refused. It is typed again for each run.
"""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Function, NewSavedRequest, SavedRequest
from webapp.models.texts import LABEL_MAX
from webapp.scope import Scope
from webapp.services.functions.activity.console.runs import event_of
from webapp.services.functions.activity.console.secret_names import read_body, secret_names
from webapp.services.functions.details import get

SAVED_MAX = 30
"""For each function."""
CONTENT_MAX_BYTES = 32 * 1024


def list_all(session: Session, function: Function) -> list[SavedRequest]:
    """By name."""
    mine = select(SavedRequest).where(SavedRequest.function_id == function.id)
    return sorted(session.exec(mine), key=lambda saved: saved.name)


def find(session: Session, function: Function, saved_id: str) -> SavedRequest:
    saved = session.get(SavedRequest, saved_id)
    if saved is None or saved.function_id != function.id:
        raise NotFound(
            f"{function.name} has no such saved request.", remedy="It may have been deleted."
        )
    return saved


def save(scope: Scope, name: str, new: NewSavedRequest) -> SavedRequest:
    """Raises Invalid with the field that is wrong, and Conflict for a name that is taken."""
    function = get(scope.session, name)
    _check(function, new)
    if len(list_all(scope.session, function)) >= SAVED_MAX:
        detail = f"{function.name} has {SAVED_MAX} saved requests, which is the maximum."
        raise Conflict(detail, code="too_many_saved", remedy="Delete one first.", about=[function])
    content = new.model_dump(exclude={"name"}, exclude_none=True)
    saved = SavedRequest(
        function_id=function.id, name=new.name.strip(), content=content, created_by=scope.actor
    )
    scope.session.add(saved)
    scope.record("save request", function, saved.name)
    try:
        scope.session.commit()
    except IntegrityError as error:
        scope.session.rollback()
        detail = f"{name} already has a saved request named {new.name.strip()}."
        remedy = "Choose another name, or delete that one."
        raise Conflict(detail, code="name_taken", remedy=remedy, field="name") from error
    return saved


def delete(scope: Scope, name: str, saved_id: str) -> SavedRequest:
    """Only the row is deleted."""
    function = get(scope.session, name)
    saved = find(scope.session, function, saved_id)
    scope.session.delete(saved)
    scope.record("delete saved request", function, saved.name)
    scope.session.commit()
    return saved


def _check(function: Function, new: NewSavedRequest) -> None:
    name = new.name.strip()
    if not name or len(name) > LABEL_MAX or not name.isprintable():
        raise Invalid(f"A name has 1 to {LABEL_MAX} characters.", field="name")
    if new.event is None and new.request is None:
        raise Invalid("There is nothing to save: send an event or a request.", field="event")
    event_of(function, new)
    content = new.model_dump(exclude={"name"}, exclude_none=True)
    if len(json.dumps(content).encode()) > CONTENT_MAX_BYTES:
        field = "event" if new.request is None else "body"
        detail = f"A saved request is at most {CONTENT_MAX_BYTES // 1024} KiB."
        raise Invalid(detail, field=field)
    for field, secret in _secrets(new):
        raise Invalid(
            f"{secret[:LABEL_MAX]} may hold a secret. Saved requests are kept in Egret's "
            "database, where no secret belongs. Leave it out, and type it again for each run.",
            field=field,
            code="secret_not_saved",
        )


def _secrets(new: NewSavedRequest) -> Iterator[tuple[str, str]]:
    """The fields with names in them that secrets have."""
    parts: dict[str, Any] = {"event": new.event}
    if new.request is not None:
        parts = {"headers": new.request.headers, "query": new.request.query}
        parts["body"] = read_body(new.request.body)
    for field, part in parts.items():
        yield from ((field, name) for name in secret_names(part))
