"""Drift: CloudFormation's own check of a stack, and our reading of a network beside it.

CloudFormation keeps the outcome of its last check, so nothing of it is stored here. A check takes
AWS from seconds to minutes.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.drift.difference import Difference, layout_of
from webapp.aws.drift.firewall import Guards
from webapp.aws.drift.routing import Wiring
from webapp.aws.egress.function_hops import function_hops
from webapp.aws.errors import translated

CHECK_WAIT_S = 15.0
CHECK_POLL_S = 0.5
BY_HAND = "CloudFormation says so and cannot put it back by itself; change it back in the console."


@dataclass(frozen=True)
class StackCheck:
    """`status` is CloudFormation's: NOT_CHECKED, IN_SYNC, DRIFTED or UNKNOWN.

    `checked` counts the resources that it could compare; not every type can be.
    """

    status: str
    at: datetime | None
    checked: int
    differences: list[Difference]


class Drift:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def check(self, region: str, stack_id: str) -> bool:
        """Let CloudFormation compare the stack; False when it is still at it after a while."""
        client = self._clients.cloudformation(region)
        with translated("checking the stack for drift", region):
            check = client.detect_stack_drift(StackName=stack_id)["StackDriftDetectionId"]
            until = time.monotonic() + CHECK_WAIT_S
            while time.monotonic() < until:
                found = client.describe_stack_drift_detection_status(StackDriftDetectionId=check)
                if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                    return True
                time.sleep(CHECK_POLL_S)
        return False

    def last_check(self, region: str, stack_id: str) -> StackCheck:
        client = self._clients.cloudformation(region)
        with translated("reading what drifted", region):
            stack: Any = client.describe_stacks(StackName=stack_id)["Stacks"][0]
            drifts = _all_drifts(client, stack_id)
        info = stack.get("DriftInformation") or {}
        changed = [d for d in drifts if d["StackResourceDriftStatus"] in ("MODIFIED", "DELETED")]
        return StackCheck(
            status=info.get("StackDriftStatus", "NOT_CHECKED"),
            at=info.get("LastCheckTimestamp"),
            checked=len(drifts),
            differences=[found for drift in changed for found in _differences(drift)],
        )

    def own_reading(
        self, region: str, stack_id: str, *, zones: list[str], allocation_ids: list[str]
    ) -> list[Difference]:
        """What differs from the stack's layout just now. Raises AwsError."""
        with translated("reading the network", region):
            resources: Any = self._clients.cloudformation(region).describe_stack_resources(
                StackName=stack_id
            )["StackResources"]
            ids = {
                resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
                for resource in resources
                if resource["ResourceStatus"] != "DELETE_COMPLETE"
            }
            layout = layout_of(ids, zones=zones, allocation_ids=allocation_ids)
            ec2 = self._clients.ec2(region)
            found = [*Wiring(ec2, layout).differences(), *Guards(ec2, layout).differences()]
        for zone in layout.zones:
            hops = function_hops(
                self._clients.awslambda(region),
                region,
                zone.probe,
                subnet_id=zone.private_subnet_id,
                group_ids=[layout.group_id],
            )
            found += [
                Difference(f"Probe of {zone.name}", zone.probe, "OK", hop.detail, hop.repair)
                for hop in hops
                if not hop.ok
            ]
        return found

    def restore(self, region: str, difference: Difference) -> None:
        """Put one difference back; does nothing where that must be done by hand."""
        if difference.restore:
            with translated(f"restoring {difference.what}", region):
                difference.restore()


def _all_drifts(client: Any, stack_id: str) -> list[Any]:
    pages, more = [], {"StackName": stack_id}
    while True:
        answer = client.describe_stack_resource_drifts(**more)
        pages += answer["StackResourceDrifts"]
        if not answer.get("NextToken"):
            return pages
        more["NextToken"] = answer["NextToken"]


def _differences(drift: Any) -> list[Difference]:
    """One for each property that differs; one for a resource that is gone."""
    what, resource_id = drift["LogicalResourceId"], drift.get("PhysicalResourceId", "")
    if drift["StackResourceDriftStatus"] == "DELETED":
        return [Difference(what, resource_id, "there", "deleted", by_hand=BY_HAND)]
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
