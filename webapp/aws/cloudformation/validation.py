"""Early validation: what CloudFormation refuses before it makes anything.

The stack, or the change set, says no more than which check failed; DescribeEvents says which
resource, and why. (CloudFormation user guide, "Validate stack deployments".)
"""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

EARLY_VALIDATION = "AWS::EarlyValidation::"
NAMED_MAX = 5


def with_details(client: "CloudFormationClient", reason: str, **of: str) -> str:
    """The reason, with what DescribeEvents says if an early validation failed.

    `of` is `StackName` or `ChangeSetName`. Where AWS does not tell, because the policy or the
    region is older, the reason is as it was.
    """
    if EARLY_VALIDATION not in reason:
        return reason
    ask: Any = client.describe_events
    try:
        found = ask(Filters={"FailedEvents": True}, **of).get("OperationEvents", [])
    except (ClientError, BotoCoreError):
        return reason
    told = dict.fromkeys(_told(event) for event in found if _is_refusal(event))
    return " ".join([reason, *list(told)[:NAMED_MAX]])


def _is_refusal(event: Any) -> bool:
    refused = (event.get("EventType"), event.get("ValidationStatus", "FAILED"))
    return refused == ("VALIDATION_ERROR", "FAILED")


def _told(event: Any) -> str:
    """`LogGroup (AWS::Logs::LogGroup, /aws/lambda/x): it exists already.`"""
    known = [event.get("ResourceType", ""), event.get("PhysicalResourceId", "")]
    what = f"{event.get('LogicalResourceId', '')} ({', '.join(filter(None, known))})"
    said = event.get("ValidationStatusReason") or event.get("ValidationName", "")
    where = event.get("ValidationPath", "")
    return f"{what}{f' at {where}' if where else ''}: {said.rstrip('.')}."
