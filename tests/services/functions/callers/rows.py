"""A function that has callers, and the answers of API Gateway when all goes well."""

from typing import Any

from sqlmodel import Session, select

from tests.services.rows import add, add_function
from tests.services.scripted import ScriptedAws
from webapp.models import Access, Caller, Function, Status

OUTPUTS = {"RestApiId": "api", "StageName": "prod", "EndpointUrl": "https://api.example/prod/"}
KEY = {"id": "key-1", "value": "the value of a key"}


def function_with_endpoint(session: Session, **columns: Any) -> Function:
    return add_function(session, **{"access": Access.API_KEY, "outputs": OUTPUTS} | columns)


def a_caller(function: Function, name: str = "web", **columns: Any) -> Caller:
    """Ready, with a key and a usage plan."""
    usual: dict[str, Any] = {
        "status": Status.READY,
        "rate": 10.0,
        "burst": 20,
        "quota": 1000,
        "usage_plan_id": f"plan-{name}",
        "api_key_id": f"key-{name}",
    }
    return Caller(function_id=function.id, name=name, **usual | columns)


def add_caller(session: Session, **columns: Any) -> Caller:
    """With its function, whose name is `fun`."""
    caller = a_caller(function_with_endpoint(session), **columns)
    add(session, caller)
    return caller


def callers_of(session: Session) -> list[Caller]:
    session.expire_all()
    return list(session.exec(select(Caller)).all())


def function_of(session: Session) -> Function:
    return session.exec(select(Function)).one()


def answer_all(aws: ScriptedAws) -> None:
    """API Gateway makes, changes and deletes, and has nothing yet that is found by name."""
    aws.answers |= {
        "CreateUsagePlan": {"id": "plan-1"},
        "CreateApiKey": KEY,
        "CreateUsagePlanKey": {},
        "UpdateUsagePlan": {},
        "DeleteApiKey": {},
        "DeleteUsagePlan": {},
        "GetApiKeys": {"items": []},
        "GetUsagePlans": {"items": []},
        "GetUsagePlan": {"throttle": {"rateLimit": 10.0, "burstLimit": 20}, "quota": {"limit": 7}},
    }


def found_key(caller: Caller, key_id: str, at: float = 0) -> dict[str, Any]:
    """As GetApiKeys lists it."""
    name = f"egret-function-fun-{caller.name}-{caller.id}"
    return {"id": key_id, "name": name, "createdDate": at}
