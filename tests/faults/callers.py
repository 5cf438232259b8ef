"""What is done with a caller while workers are killed, each so that it can be done again."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, select

from tests import plain_http
from webapp.aws.clients import Clients
from webapp.models import Caller, Function, NewCaller, NewLimits
from webapp.scope import CloudScope
from webapp.services import functions
from webapp.services.functions import callers
from webapp.settings import Settings

NAME = "swept"
"""Also of its function, whose row is there already."""
QUOTA = 77


def _caller(session: Session) -> Caller | None:
    return session.exec(select(Caller).where(Caller.name == NAME)).first()


def _add(scope: CloudScope) -> None:
    if not _caller(scope.session):
        callers.create(scope, NAME, NewCaller(name=NAME))


def _change(scope: CloudScope) -> None:
    callers.change(scope, NAME, NAME, NewLimits(quota=QUOTA))


def _rotate(scope: CloudScope) -> None:
    callers.rotate(scope, NAME, NAME)


def _revoke(scope: CloudScope) -> None:
    if _caller(scope.session):
        callers.revoke(scope, NAME, NAME)


def _delete_function(scope: CloudScope) -> None:
    if functions.find(scope.session, NAME):
        functions.delete(scope, NAME, typed=NAME)


CALLER_OPERATIONS: dict[str, Callable[[CloudScope], None]] = {
    "add caller": _add,
    "change limits": _change,
    "rotate caller": _rotate,
    "revoke caller": _revoke,
}
WITH_CALLERS = {"delete function with callers": _delete_function}


def callers_world(session: Session, clients: Clients, settings: Settings, url: str) -> Any:
    """Rows, keys and plans of this dashboard, and what the endpoint answers to each key."""
    gateway: Any = clients.apigateway(settings.home_region)
    prefix = f"{settings.name_prefix}-"
    keys = gateway.get_api_keys(nameQuery=prefix, includeValues=True)["items"]
    plans = [p for p in gateway.get_usage_plans()["items"] if p["name"].startswith(prefix)]
    rows = session.exec(select(Caller)).all()
    return {
        "functions": len(session.exec(select(Function)).all()),
        "rows": [(each.status.value, each.quota) for each in rows],
        "keys": [each["id"] in {row.api_key_id for row in rows} for each in keys],
        "plans": [(p["id"] in {r.usage_plan_id for r in rows}, p["quota"]["limit"]) for p in plans],
        "answers": [
            plain_http.get(url, headers={"x-api-key": k["value"]}).status_code for k in keys
        ],
    }
