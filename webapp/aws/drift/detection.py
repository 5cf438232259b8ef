"""CloudFormation's own drift detection, which compares a stack with its template.

CloudFormation keeps the outcome of its last detection, so Egret stores nothing. A detection takes
from seconds to minutes. Not every resource type can be compared, and nothing is put back. It fails
when AWS could not read a resource, for instance for want of a permission; what it could read is
compared all the same. (CloudFormation user guide, "Detect unmanaged configuration changes with
drift detection"; API reference, DescribeStackDriftDetectionStatus.)
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from webapp.aws.answers import understand
from webapp.aws.drift.difference import Difference

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

DETECTION_WAIT_S = 15.0
DETECTION_POLL_S = 0.5
NAMED_MAX = 3
REASON_MAX_CHARS = 300
NOT_COMPARED = (
    "CloudFormation could not compare every resource, so there may be drift that it missed."
)
FAILED, UNKNOWN = "DETECTION_FAILED", "UNKNOWN"
BY_HAND = "CloudFormation reports this but cannot put it back. Change it back in the AWS console."


@dataclass(frozen=True)
class StackCheck:
    """`status` is CloudFormation's: NOT_CHECKED, IN_SYNC, DRIFTED or UNKNOWN.

    `checked` counts the resources that it could compare. `problem` says which it could not, why,
    and what to do; '' if it could compare all.
    """

    status: str
    at: datetime | None
    checked: int
    differences: list[Difference]
    problem: str = ""


@dataclass(frozen=True)
class Detection:
    """`done` is False while it still runs. `problem` is as in StackCheck."""

    done: bool
    problem: str = ""


def detect(cloudformation: "CloudFormationClient", stack_id: str) -> Detection:
    """Start a detection and wait for it, for at most DETECTION_WAIT_S."""
    started = cloudformation.detect_stack_drift(StackName=stack_id)["StackDriftDetectionId"]
    until = time.monotonic() + DETECTION_WAIT_S
    while time.monotonic() < until:
        found = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=started)
        if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            reason = found.get("DetectionStatusReason", "")
            region = cloudformation.meta.region_name
            has_failed = found["DetectionStatus"] == FAILED
            return Detection(True, _problem(_failures(reason), region) if has_failed else "")
        time.sleep(DETECTION_POLL_S)
    return Detection(False)


def last_detection(cloudformation: "CloudFormationClient", stack_id: str) -> StackCheck:
    stack: Any = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
    compared = _compared(cloudformation, stack_id)
    info = stack.get("DriftInformation") or {}
    status = info.get("StackDriftStatus", "NOT_CHECKED")
    unknown = {
        drift["LogicalResourceId"]: drift.get("DriftStatusReason", "")
        for drift in compared
        if drift["StackResourceDriftStatus"] == UNKNOWN
    }
    is_partial = unknown or status == UNKNOWN
    return StackCheck(
        status=status,
        at=info.get("LastCheckTimestamp"),
        checked=len(compared) - len(unknown),
        differences=[difference for drift in compared for difference in _differences(drift)],
        problem=_problem(unknown, cloudformation.meta.region_name) if is_partial else "",
    )


def _failures(reason: str) -> dict[str, str]:
    """Why it failed, by logical id: AWS writes JSON with `Failures`, or else a sentence."""
    try:
        failures = json.loads(reason)["Failures"]
        return {each["Resource"]: each.get("FailureReason", "") for each in failures}
    except (ValueError, KeyError, TypeError):
        return {"": reason} if reason else {}


def _problem(failures: dict[str, str], region: str) -> str:
    """In sentences; the advice for each reason once."""
    shown = list(failures.items())[:NAMED_MAX]
    said = [_named(resource, reason) for resource, reason in shown]
    more = len(failures) - len(shown)
    said += [f"And {more} more."] if more else []
    advice = dict.fromkeys(understand(reason, region).remedy() for reason in failures.values())
    return " ".join([NOT_COMPARED, *said, *filter(None, list(advice)[:NAMED_MAX])])


def _named(resource: str, reason: str) -> str:
    short = shorten(reason, REASON_MAX_CHARS, placeholder=" …").rstrip(".")
    return f"{': '.join(filter(None, [resource, short]))}."


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
