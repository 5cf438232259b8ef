"""CloudFormation's own drift detection, which compares a stack with its template.

CloudFormation keeps the outcome of its last detection, so Egret stores nothing. A detection takes
from seconds to minutes. Not every resource type can be compared, and nothing is put back.
(CloudFormation user guide, "Detect unmanaged configuration changes with drift detection".)
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from webapp.aws.drift.difference import Difference

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

DETECTION_WAIT_S = 15.0
DETECTION_POLL_S = 0.5
BY_HAND = "CloudFormation reports this but cannot put it back. Change it back in the AWS console."


@dataclass(frozen=True)
class StackCheck:
    """`status` is CloudFormation's: NOT_CHECKED, IN_SYNC, DRIFTED or UNKNOWN.

    `checked` counts the resources that it could compare.
    """

    status: str
    at: datetime | None
    checked: int
    differences: list[Difference]


def detect(cloudformation: "CloudFormationClient", stack_id: str) -> bool:
    """Start a detection and wait for it; False when it still runs after DETECTION_WAIT_S."""
    started = cloudformation.detect_stack_drift(StackName=stack_id)["StackDriftDetectionId"]
    until = time.monotonic() + DETECTION_WAIT_S
    while time.monotonic() < until:
        found = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=started)
        if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return True
        time.sleep(DETECTION_POLL_S)
    return False


def last_detection(cloudformation: "CloudFormationClient", stack_id: str) -> StackCheck:
    stack: Any = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
    compared = _compared(cloudformation, stack_id)
    info = stack.get("DriftInformation") or {}
    return StackCheck(
        status=info.get("StackDriftStatus", "NOT_CHECKED"),
        at=info.get("LastCheckTimestamp"),
        checked=len(compared),
        differences=[difference for drift in compared for difference in _differences(drift)],
    )


def _compared(cloudformation: Any, stack_id: str) -> list[Any]:
    """All pages, by hand: botocore has no paginator for this operation."""
    drifts, arguments = [], {"StackName": stack_id}
    while True:
        answer = cloudformation.describe_stack_resource_drifts(**arguments)
        drifts += answer["StackResourceDrifts"]
        if not answer.get("NextToken"):
            return drifts
        arguments["NextToken"] = answer["NextToken"]


def _differences(drift: Any) -> list[Difference]:
    """One for each property that differs; one for a resource that was deleted."""
    what, resource_id = drift["LogicalResourceId"], drift.get("PhysicalResourceId", "")
    match drift["StackResourceDriftStatus"]:
        case "DELETED":
            return [Difference(what, resource_id, "there", "deleted", by_hand=BY_HAND)]
        case "MODIFIED":
            return [
                Difference(
                    f"{what}{found['PropertyPath'].replace('/', ' ')}",
                    resource_id,
                    found.get("ExpectedValue", ""),
                    found.get("ActualValue", ""),
                    by_hand=BY_HAND,
                )
                for found in drift.get("PropertyDifferences", [])
            ]
    return []
