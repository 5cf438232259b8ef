"""Deployments of the function `fun` on an AWS by a script: what was asked, what came of it."""

from tests.services.rows import add
from tests.services.scripted import ScriptedAws
from webapp.models import Function, Network, StackEvent
from webapp.scope import CloudScope
from webapp.services import functions
from webapp.services.engine import leases
from webapp.services.functions.operation import FunctionOperation

OUTPUTS = {"FunctionName": "fun", "RestApiId": "api", "StageName": "live", "Alias": "live"}


def settle(scope: CloudScope, aws: ScriptedAws, status: str, reason: str = "") -> Function:
    """AWS has updated the stack, and the background sees it."""
    function = functions.get(scope.session, "fun")
    network_id = function.next_network_id or function.network_id
    subnets = scope.session.get_one(Network, network_id).outputs["PrivateSubnetIds"]
    aws.show_stack(status, reason=reason, **OUTPUTS, SubnetIds=subnets)
    began = StackEvent(
        owner=function.owner,
        event_id=f"began-{function.operation_id}",
        operation_id=function.operation_id,
        logical_id="fun",
        physical_id="",
        resource_type="AWS::CloudFormation::Stack",
        status="UPDATE_IN_PROGRESS",
        at=function.started_at,
    )
    add(scope.session, began)
    work = leases.begin(scope.session, function.owner)
    assert work is not None
    FunctionOperation(work, function, scope.own, scope.settings).advance()
    return function


def sent(aws: ScriptedAws) -> dict[str, str]:
    """The parameters of the last update."""
    asked = aws.calls("UpdateStack")[-1]["Parameters"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in asked}


def show_change_set(aws: ScriptedAws, *changes: tuple[str, str, str]) -> None:
    names = ("Action", "ResourceType", "Replacement")
    found = [
        {"ResourceChange": {"LogicalResourceId": "It"} | dict(zip(names, each, strict=True))}
        for each in changes
    ]
    aws.answers |= {
        "CreateChangeSet": {"Id": "arn:change-set"},
        "DescribeChangeSet": {"Status": "CREATE_COMPLETE", "Changes": found},
        "DeleteChangeSet": {},
    }
