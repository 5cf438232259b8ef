"""What Lambda says of a function: whether its role suffices, and whether it can run.

Lambda itself asks the role for network interfaces when it connects a function to a VPC, and tells
the outcome in the codes of its state and of its last update. (Lambda developer guide, "Lambda
function states"; API reference, GetFunctionConfiguration.)
"""

from typing import TYPE_CHECKING, Any

from webapp.aws.egress.hops import SOUND, Fault, Hop
from webapp.aws.errors import translated

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

NO_PERMISSION = "InsufficientRolePermissions"
IDLE_NOTE = (
    "It is inactive, because nobody called it for weeks: the first call wakes it up and takes "
    "longer, or fails once."
)
PENDING = "Wait a minute: Lambda is connecting it to the VPC."
NO_SUCH_FUNCTION = Fault(
    "The function does not exist in AWS Lambda.",
    "It was deleted outside Egret: delete it here too, and make it again.",
)
ROLE_FAULT = Fault(
    "The role does not let Lambda make network interfaces.",
    "Give the role the actions of the AWS managed policy AWSLambdaVPCAccessExecutionRole "
    "(ec2:CreateNetworkInterface, ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, "
    "ec2:DeleteNetworkInterface, ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses), "
    "and look for a permissions boundary or an organisation's policy that denies them.",
)
REPAIRS = {
    "EniLimitExceeded": "Ask for a higher quota of network interfaces per VPC, then update the "
    "function.",
    "SubnetOutOfIPAddresses": "Free addresses in the subnet, or use a network with a larger range.",
    "InvalidSubnet": "Its subnet is gone: make the network and the function again.",
    "InvalidSecurityGroup": "Its security group is gone: make the network and the function again.",
    "InternalError": "Lambda failed on its own side. Update the function to try again.",
}
OTHER_REPAIR = "Read the reason in the Lambda console, mend it, then update the function."


def function_hops(
    awslambda: "LambdaClient", region: str, name: str, *, subnet_id: str, group_ids: list[str]
) -> list[Hop]:
    """The role, then the function, each up to what is broken. Raises AwsError."""
    with translated(f"reading the function {name}", region):
        try:
            found: Any = awslambda.get_function_configuration(FunctionName=name)
        except awslambda.exceptions.ResourceNotFoundException:
            return [Hop("function", name, *NO_SUCH_FUNCTION)]
    role = _role(found)
    return [role, _function(found, subnet_id, group_ids)] if role.ok else [role]


def _role(found: Any) -> Hop:
    missing = NO_PERMISSION in (
        found.get("StateReasonCode"),
        found.get("LastUpdateStatusReasonCode"),
    )
    return Hop("role", found["Role"].rsplit("/", 1)[-1], *(ROLE_FAULT if missing else SOUND))


def _function(found: Any, subnet_id: str, group_ids: list[str]) -> Hop:
    fault = _place_fault(found, subnet_id, group_ids)
    if fault is SOUND:
        fault = _state_fault(found)
    note = IDLE_NOTE if found.get("State") == "Inactive" else ""
    return Hop("function", found["FunctionName"], *fault, note=note if fault is SOUND else "")


def _place_fault(found: Any, subnet_id: str, group_ids: list[str]) -> Fault:
    vpc = found.get("VpcConfig") or {}
    repair = "Change its VPC configuration back: it was changed outside Egret."
    if not vpc.get("SubnetIds"):
        return Fault("It is outside any VPC: it calls from changing addresses of AWS.", repair)
    if subnet_id not in vpc["SubnetIds"]:
        return Fault("It is not in this subnet.", repair)
    if set(vpc.get("SecurityGroupIds") or []) != set(group_ids):
        return Fault("It has other security groups than the network's.", repair)
    return SOUND


def _state_fault(found: Any) -> Fault:
    if found.get("State") == "Pending":
        return Fault("It is pending.", PENDING)
    if found.get("State") == "Failed":
        return _failed("It has failed", found, "State")
    if found.get("LastUpdateStatus") == "Failed":
        return _failed("Its last update failed", found, "LastUpdateStatus")
    return SOUND


def _failed(what: str, found: Any, of: str) -> Fault:
    code, reason = found.get(f"{of}ReasonCode", ""), found.get(f"{of}Reason", "")
    said = ": ".join(part for part in (code, reason) if part)
    return Fault(f"{what} ({said})." if said else f"{what}.", REPAIRS.get(code, OTHER_REPAIR))
