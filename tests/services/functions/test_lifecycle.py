"""A function's life, step by step; `cloud` sees to it that no call to AWS holds the database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from tests.dashboard import wait_for
from tests.portal import partner_key, revoke
from tests.sandbox.credentials import put_switches
from tests.services.rows import IP, a_key, a_network, a_new_function, add, add_function, an_address
from tests.services.scripted import STACK_ID
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import (
    Function,
    Lease,
    Network,
    NewChange,
    NewFunction,
    NewKey,
    NewNetwork,
    NewVersion,
    Site,
    Status,
)
from webapp.sandbox.launcher import Sandbox
from webapp.scope import CloudScope
from webapp.services import addresses, functions, keys, networks
from webapp.services.engine import leases
from webapp.services.functions import previews
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.lifecycle import check_fields
from webapp.services.functions.operation import FunctionOperation
from webapp.services.functions.revisions import rows as revisions
from webapp.services.inspection import proofs
from webapp.services.networks import change
from webapp.services.networks.operation import NetworkOperation
from webapp.settings import Settings

REGION = "us-east-1"
NAME = "lived"
THROTTLED = (
    "Too Many Requests (Service: ApiGateway, Status Code: 429, Request ID: 0-0, Extended Request "
    "ID: null)"
)


@pytest.fixture
def settings(settings: Settings, sandbox: Sandbox) -> Settings:
    endpoints = json.loads(sandbox.environment()["EGRET_ENDPOINTS"])
    return settings.model_copy(update={"name_prefix": NAME, "endpoints": endpoints})


def settle(scope: CloudScope, engine: Engine, but: Function | None = None) -> None:
    """What the background does, until nothing is left to do, but with one function."""
    handlers = {
        "network": NetworkOperation.handler(scope.own, scope.settings),
        "function": FunctionOperation.handler(scope.own, scope.settings),
    }
    due = select(Lease).where(Lease.resource != (but.owner if but else ""))

    def is_settled() -> bool:
        leases.run_one(engine, handlers)
        return not scope.session.exec(due).first()

    wait_for(is_settled, 60)
    scope.session.expire_all()


@contextmanager
def held(session: Session, function: Function) -> Iterator[None]:
    """The background leaves it alone meanwhile."""
    mine = update(Lease).where(col(Lease.resource) == function.owner)
    session.connection().execute(mine.values(due_at=Lease.due_at + 1000))
    session.commit()
    yield
    session.connection().execute(mine.values(due_at=0.0))
    session.commit()


def throttle(sandbox: Sandbox, *, when: str) -> None:
    """API Gateway refuses one change, as it does when many functions change at once."""
    resource = {"create": "RestApi", "update": "Function"}[when]
    switch = {"stack": f"{NAME}-function-{NAME}", "resource": resource, "when": when}
    put_switches(sandbox.info, [switch | {"reason": THROTTLED}])


def test_a_function_is_created_fetches_follows_its_key_and_is_deleted(
    scope: CloudScope, session: Session, engine: Engine, sandbox: Sandbox
) -> None:
    network = networks.create(scope, NewNetwork(name=NAME, region=REGION, availability_zones=1))
    settle(scope, engine)
    ip = addresses.of_network(session, network.id)[0].public_ip or ""
    secrets = [partner_key(sandbox, [ip]) for _ in range(2)]
    keys.create(scope, NewKey(name=NAME, secret=secrets[0]))
    new = a_new_function(NAME)
    throttle(sandbox, when="create")
    function = functions.create(scope, new)
    settle(scope, engine)
    assert (function.status, function.attempts) == (Status.READY, 2), function.reason
    assert previews.cached(session, function).egress_ip == ip

    keys.add_version(scope, NAME, NewVersion(secret=secrets[1]))
    assert previews.fetch(scope, function).ok
    assert [proof.seen_ip for proof in proofs.prove(scope, network)] == [ip]

    change.create(scope, NAME, NewChange(availability_zones=2))
    late = functions.create(scope, new.model_copy(update={"name": "late"}))
    with held(session, late):  # it is still being created when its network has another zone
        change.confirm(scope, NAME)
        throttle(sandbox, when="update")
        settle(scope, engine, but=late)
    settle(scope, engine)
    assert function.attempts == 2
    for each in (function, late):
        assert each.outputs["SubnetIds"] == network.outputs["PrivateSubnetIds"], each.name

    functions.delete(scope, "late", typed="late")
    functions.delete(scope, NAME, typed=NAME)
    settle(scope, engine)
    keys.delete(scope, NAME, typed=NAME)
    networks.delete(scope, NAME, typed=NAME)
    settle(scope, engine)
    (address,) = addresses.free(session, Site(None, REGION))
    addresses.release(scope, address.id, typed=ip)
    for secret in secrets:
        revoke(sandbox, secret)


# --- What needs no AWS ------------------------------------------------------------------------


def wanted(**fields: Any) -> NewFunction:
    usual = {"name": "made", "template": "clash_rankings", "network": "net", "key": "key"}
    return NewFunction(**usual | fields)


def test_all_fields_that_break_a_rule_are_reported_at_once(offline: CloudScope) -> None:
    new = wanted(
        name="A",
        settings={"limit": "0", "colour": "red"},
        cors_origins=["https://example.com/path"],
        environment="Über",
    )
    with pytest.raises(Invalid) as refused:
        functions.create(offline, new)
    assert set(refused.value.errors) == {
        "name",
        "settings.limit",
        "settings.colour",
        "cors_origins",
        "environment",
    }


@pytest.mark.parametrize("origin", ["https://example.com", " http://localhost:8080 "])
def test_an_origin_has_a_scheme_and_a_host_and_may_have_a_port(origin: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_fields(get_template("clash_rankings"), wanted(name="", cors_origins=[origin]))
    assert list(refused.value.errors) == ["name"]


@pytest.mark.parametrize("origin", ["*", "example.com", "ftp://example.com", "https://a.b/c"])
def test_anything_else_is_not_an_origin(origin: str) -> None:
    with pytest.raises(Invalid, match="is not an origin"):
        check_fields(get_template("clash_rankings"), wanted(cors_origins=[origin]))


@pytest.mark.parametrize("missing", ["template", "network", "key"])
def test_what_a_function_is_made_from_must_exist(offline: CloudScope, missing: str) -> None:
    add_function(offline.session)
    with pytest.raises(NotFound):
        functions.create(offline, wanted(**{missing: "unknown"}))


def test_a_name_that_is_taken_is_refused(offline: CloudScope) -> None:
    add_function(offline.session)
    with pytest.raises(Conflict) as refused:
        functions.create(offline, wanted(name="fun"))
    assert refused.value.code == "name_taken"


@pytest.mark.parametrize("status", [Status.CREATING, Status.PARKED, Status.FAILED])
def test_a_function_needs_a_ready_network(offline: CloudScope, status: Status) -> None:
    add(offline.session, a_network(status=status), a_key())
    with pytest.raises(Conflict) as refused:
        functions.create(offline, wanted())
    assert refused.value.code == "network_not_ready"
    assert list(refused.value.errors) == ["network"]


def test_a_key_that_the_partner_would_refuse_is_refused_first(offline: CloudScope) -> None:
    network = a_network()
    add(offline.session, network, an_address(network), a_key(cidrs=("198.51.100.1",)))
    with pytest.raises(Conflict, match=f"does not allow {IP}") as refused:
        functions.create(offline, wanted())
    assert (refused.value.code, list(refused.value.errors)) == ("key_does_not_match", ["key"])
    assert IP in refused.value.remedy


def test_a_function_is_kept_with_its_settings_although_aws_does_not_answer(
    offline: CloudScope,
) -> None:
    network = a_network(outputs={"PrivateSubnetIds": "subnet-1", "SecurityGroupId": "sg-1"})
    add(offline.session, network, an_address(network), a_key())
    made = functions.create(offline, wanted(settings={"limit": "25"}, cors_origins=[" http://a "]))
    assert (made.status, made.cors_origins) == (Status.REQUESTED, ["http://a"])
    assert made.settings == {"location": "32000006", "ranking": "clans", "limit": 25}
    assert "Could not connect" in made.reason


# --- Trying again and deleting ----------------------------------------------------------------


@pytest.mark.parametrize(
    "status", [Status.REQUESTED, Status.CREATING, Status.UPDATING, Status.DELETING]
)
def test_a_retry_joins_an_attempt_that_is_under_way(offline: CloudScope, status: Status) -> None:
    before = add_function(offline.session, status=status).operation_id
    assert functions.retry(offline, "fun").operation_id == before


@pytest.mark.parametrize(
    ("columns", "tried"),
    [
        ({"status": Status.FAILED}, Status.REQUESTED),
        (
            {"status": Status.READY, "outputs": {"SubnetIds": "old"}, "stack_id": STACK_ID},
            Status.UPDATING,
        ),
        ({"status": Status.FAILED, "unwanted": True, "stack_id": STACK_ID}, Status.DELETING),
    ],
)
def test_a_retry_tries_what_had_failed(
    offline: CloudScope, columns: dict[str, Any], tried: Status
) -> None:
    function = add_function(offline.session, **columns)
    network = offline.session.get_one(Network, function.network_id)
    network.outputs = {"PrivateSubnetIds": "new", "SecurityGroupId": "sg-1"}
    offline.session.commit()
    assert functions.retry(offline, "fun").status is tried


def test_a_change_that_lost_its_way_is_made_again_and_not_taken_for_made(
    offline: CloudScope,
) -> None:
    function = add_function(
        offline.session, status=Status.FAILED, stack_id=STACK_ID, outputs={"RestApiId": "api"}
    )
    revision = revisions.describe(offline.session, function, get_template("clash_rankings"))
    revisions.add(offline.session, function, revision, actor="ada")
    network = offline.session.get_one(Network, function.network_id)
    network.outputs = {"PrivateSubnetIds": "new", "SecurityGroupId": "sg-1"}
    offline.session.commit()
    assert functions.retry(offline, "fun").status is Status.UPDATING
    assert function.revision == 1


def test_a_function_that_works_is_not_tried_again(offline: CloudScope) -> None:
    add_function(offline.session)
    with pytest.raises(Conflict, match="only a failed one"):
        functions.retry(offline, "fun")


def test_a_function_is_deleted_only_when_its_name_is_typed(offline: CloudScope) -> None:
    function = add_function(offline.session)
    with pytest.raises(Invalid, match="Nothing was deleted"):
        functions.delete(offline, "fun", typed="")
    assert function.status is Status.READY
    functions.delete(offline, "fun", typed="fun")
    assert functions.find(offline.session, "fun") is None, "it had no stack"


def test_deleting_twice_is_one_operation(offline: CloudScope) -> None:
    before = add_function(offline.session, status=Status.DELETING).operation_id
    assert functions.delete(offline, "fun", typed="fun").operation_id == before
