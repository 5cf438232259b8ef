"""What is done with a function while workers are killed, each so that it can be done again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from tests.services.rows import a_new_function
from webapp.aws.clients import Clients
from webapp.aws.functions import LIVE
from webapp.models import Function, FunctionChange, FunctionRevision, Status
from webapp.scope import CloudScope
from webapp.services import functions, networks
from webapp.services.functions.operation import lags
from webapp.settings import Settings

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

NAME = "swept"
"""Also of its network and its key, which are there already."""
CHANGED_MB = 512


def _create(scope: CloudScope) -> None:
    """In the first of its network's subnets."""
    if not functions.find(scope.session, NAME):
        _grow(scope, to=1)
        new = a_new_function(NAME, limit=3)
        functions.create(scope, new)


def _retry(scope: CloudScope) -> None:
    if functions.get(scope.session, NAME).status is Status.FAILED:
        functions.retry(scope, NAME)


def _update(scope: CloudScope) -> None:
    """Follow its network to another subnet."""
    _grow(scope, to=2)
    if lags(functions.get(scope.session, NAME), networks.get(scope.session, NAME)):
        functions.retry(scope, NAME)


def _change(scope: CloudScope) -> None:
    if functions.get(scope.session, NAME).memory_mb != CHANGED_MB:
        functions.change(scope, NAME, FunctionChange(memory_mb=CHANGED_MB))


def _roll_back(scope: CloudScope) -> None:
    """To what it was created with."""
    if functions.get(scope.session, NAME).memory_mb == CHANGED_MB:
        functions.deploy_again(scope, NAME, 1)


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
    "change function": _change,
    "roll back function": _roll_back,
    "delete function": _delete,
}


def functions_world(session: Session, clients: Clients, settings: Settings) -> dict[str, Any]:
    """Rows, stacks and Lambda's functions of this dashboard, without those of networks.

    `live` has what the alias of each function leads to, and how many versions there are.
    """
    region, prefix = settings.home_region, f"{settings.name_prefix}-"
    stacks = clients.cloudformation(region).get_paginator("describe_stacks").paginate()
    awslambda = clients.awslambda(region)
    lambdas = awslambda.get_paginator("list_functions").paginate()
    numbers = select(FunctionRevision).order_by(col(FunctionRevision.number))
    return {
        "revisions": [(each.number, each.status.value) for each in session.exec(numbers)],
        "live": [_live(awslambda, each.lambda_name) for each in session.exec(select(Function))],
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


def _live(awslambda: "LambdaClient", name: str | None) -> tuple[int, int] | None:
    """The memory of the version that calls reach, and how many versions there are."""
    if name is None:
        return None
    found = awslambda.get_function_configuration(FunctionName=name, Qualifier=LIVE)
    versions = awslambda.list_versions_by_function(FunctionName=name)["Versions"]
    return found["MemorySize"], len([each for each in versions if each["Version"] != "$LATEST"])
