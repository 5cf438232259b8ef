"""What is done with a function while workers are killed, each so that it can be done again."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, select

from webapp.aws.clients import Clients
from webapp.models import Function, NewFunction, Status
from webapp.services import functions, networks
from webapp.services.functions.operation import lags
from webapp.services.scope import CloudScope
from webapp.settings import Settings

NAME = "swept"
"""Also of its network and its key, which are there already."""


def _create(scope: CloudScope) -> None:
    """In the first of its network's subnets."""
    if not functions.find(scope.session, NAME):
        _grow(scope, to=1)
        new = NewFunction(
            name=NAME,
            template="clash_rankings",
            network=NAME,
            key=NAME,
            settings={"location": "32000006", "limit": 3},
        )
        functions.create(scope, new)


def _retry(scope: CloudScope) -> None:
    if functions.get(scope.session, NAME).status is Status.FAILED:
        functions.retry(scope, NAME)


def _update(scope: CloudScope) -> None:
    """Follow its network to another subnet."""
    _grow(scope, to=2)
    if lags(functions.get(scope.session, NAME), networks.get(scope.session, NAME)):
        functions.retry(scope, NAME)


def _grow(scope: CloudScope, *, to: int) -> None:
    """As if the network had so many zones: its public subnet stands for the second private one."""
    network = networks.get(scope.session, NAME)
    private, public = (network.output_list(f"{kind}SubnetIds") for kind in ("Private", "Public"))
    subnets = [*private[:1], *public][:to]
    network.outputs = network.outputs | {"PrivateSubnetIds": ",".join(subnets)}
    scope.session.commit()


def _delete(scope: CloudScope) -> None:
    if functions.find(scope.session, NAME):
        functions.delete(scope, NAME, typed=NAME)


FUNCTION_OPERATIONS: dict[str, Callable[[CloudScope], None]] = {
    "create function": _create,
    "retry function": _retry,
    "update function": _update,
    "delete function": _delete,
}


def functions_world(session: Session, clients: Clients, settings: Settings) -> dict[str, Any]:
    """Rows, stacks and Lambda's functions of this dashboard, without those of networks."""
    region, prefix = settings.home_region, f"{settings.name_prefix}-"
    stacks = clients.cloudformation(region).get_paginator("describe_stacks").paginate()
    lambdas = clients.awslambda(region).get_paginator("list_functions").paginate()
    return {
        "rows": [(each.status.value, each.reason) for each in session.exec(select(Function))],
        "remedies": [each.remedy for each in session.exec(select(Function))],
        "stacks": sorted(
            (stack["StackName"].removeprefix(prefix), stack["StackStatus"])
            for page in stacks
            for stack in page["Stacks"]
            if stack["StackName"].startswith(f"{prefix}function-")
        ),
        "functions": [
            (each["FunctionName"].removeprefix(prefix), len(each["VpcConfig"]["SubnetIds"]))
            for page in lambdas
            for each in page["Functions"]
            if each["FunctionName"].startswith(prefix) and "probe" not in each["FunctionName"]
        ],
    }
