"""The last two hops, by what Lambda says: whether the role is sufficient and the function can run.

When Lambda connects a function to a VPC, it creates network interfaces with the function's own
role. It reports the outcome in the reason codes of the function's state and of its last update.
(Lambda developer guide, "Lambda function states"; API reference, GetFunctionConfiguration.)
"""

from typing import TYPE_CHECKING, Any

from webapp.aws.answers.function_states import STATES
from webapp.aws.egress.hops import NO_PROBLEM, Hop, Problem
from webapp.aws.errors import aws_errors

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

NO_PERMISSION = "InsufficientRolePermissions"
IDLE_NOTE = (
    "It is inactive because it has not been called for weeks. The first call activates it, and "
    "takes longer or fails once."
)
DUAL_STACK_NOTE = (
    "It may also call over IPv6 (dual-stack), from an address that no partner has whitelisted. "
    "Turn that off: Restore on the network's Drift page does it."
)
PENDING = "Wait a minute: Lambda is connecting it to the VPC."
NO_SUCH_FUNCTION = Problem(
    "The function does not exist in AWS Lambda.",
    "It was deleted outside Egret. Delete it here too, then create it again.",
)
ROLE_PROBLEM = Problem(
    "The role does not let Lambda create network interfaces.",
    "Give the role the actions of the AWS managed policy AWSLambdaVPCAccessExecutionRole "
    "(ec2:CreateNetworkInterface, ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, "
    "ec2:DeleteNetworkInterface, ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses), "
    "and check whether a permissions boundary or an organization's policy denies them.",
)
CHANGE_BACK = "Change its VPC configuration back: it was changed outside Egret."
REPAIRS = {code: f"{step} Then update the function." for code, (_, step) in STATES.items()}
OTHER_REPAIR = "Read the reason in the Lambda console and fix it, then update the function."


def function_hops(
    awslambda: "LambdaClient", region: str, name: str, *, subnet_id: str, group_ids: list[str]
) -> list[Hop]:
    """The role, then the function if the role is sufficient. Raises AwsError."""
    with aws_errors(f"reading the function {name}", region):
        try:
            found: Any = awslambda.get_function_configuration(FunctionName=name)
        except awslambda.exceptions.ResourceNotFoundException:
            return [Hop("function", name, *NO_SUCH_FUNCTION)]
    role = _role(found)
    return [role, _function(found, subnet_id, group_ids)] if role.ok else [role]


def _role(found: Any) -> Hop:
    codes = (found.get("StateReasonCode"), found.get("LastUpdateStatusReasonCode"))
    problem = ROLE_PROBLEM if NO_PERMISSION in codes else NO_PROBLEM
    return Hop("role", found["Role"].rsplit("/", 1)[-1], *problem)


def _function(found: Any, subnet_id: str, group_ids: list[str]) -> Hop:
    problem = _vpc_problem(found, subnet_id, group_ids)
    if problem is NO_PROBLEM:
        problem = _state_problem(found)
    return Hop("function", found["FunctionName"], *problem, note=_note(found, problem))


def _note(found: Any, problem: Problem) -> str:
    notes = {
        DUAL_STACK_NOTE: (found.get("VpcConfig") or {}).get("Ipv6AllowedForDualStack"),
        IDLE_NOTE: problem is NO_PROBLEM and found.get("State") == "Inactive",
    }
    return " ".join(note for note, applies in notes.items() if applies)


def _vpc_problem(found: Any, subnet_id: str, group_ids: list[str]) -> Problem:
    vpc = found.get("VpcConfig") or {}
    if not vpc.get("SubnetIds"):
        return Problem(
            "It is outside any VPC: its calls come from changing addresses.", CHANGE_BACK
        )
    if subnet_id not in vpc["SubnetIds"]:
        return Problem("It is not in this subnet.", CHANGE_BACK)
    if set(vpc.get("SecurityGroupIds") or []) != set(group_ids):
        return Problem("It has other security groups than the network's.", CHANGE_BACK)
    return NO_PROBLEM


def _state_problem(found: Any) -> Problem:
    if found.get("State") == "Pending":
        return Problem("It is pending.", PENDING)
    if found.get("State") == "Failed":
        return _failed("It has failed", found, "State")
    if found.get("LastUpdateStatus") == "Failed":
        return _failed("Its last update failed", found, "LastUpdateStatus")
    return NO_PROBLEM


def _failed(what: str, found: Any, of: str) -> Problem:
    """`of` is the field that says Failed; Lambda names its code and reason after it."""
    code, reason = found.get(f"{of}ReasonCode", ""), found.get(f"{of}Reason", "")
    said = ": ".join(part for part in (code, reason) if part)
    return Problem(f"{what} ({said})." if said else f"{what}.", REPAIRS.get(code, OTHER_REPAIR))
