"""The entry of this room: what was changed in a network outside Egret, and putting it back.

Two views, because neither sees everything:
- CloudFormation's own detection (`detection`) compares every property that the template sets, but
  is slow, skips some resource types, and puts nothing back;
- Egret's comparison (`routing`, `firewall`, `ipv6`, and the probes' state) reads EC2 and Lambda
  now, covers what decides whether and how calls get out, and can put most of it back.
"""

from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.drift.detection import Detection, StackCheck, detect, last_detection
from webapp.aws.drift.difference import Difference
from webapp.aws.drift.firewall import Firewall
from webapp.aws.drift.ipv6 import Ipv6, dual_stack
from webapp.aws.drift.layout import Layout, Zone, layout_of
from webapp.aws.drift.routing import Routing
from webapp.aws.egress.function_hops import function_hops
from webapp.aws.errors import aws_errors


class Drift:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def check(self, region: str, stack_id: str) -> Detection:
        """Have CloudFormation compare the stack; not done when it needs longer than we wait."""
        with aws_errors("checking the stack for drift", region):
            return detect(self._clients.cloudformation(region), stack_id)

    def last_check(self, region: str, stack_id: str) -> StackCheck:
        """The outcome of CloudFormation's last check, also of one that Egret did not start."""
        with aws_errors("reading the drift of the stack", region):
            return last_detection(self._clients.cloudformation(region), stack_id)

    def differences(
        self,
        region: str,
        stack_id: str,
        *,
        zones: list[str],
        allocation_ids: list[str],
        functions: list[str],
    ) -> list[Difference]:
        """How the network differs now from the layout that its stack made. Raises AwsError.

        `functions` run in it; they are compared only as to whether they may use IPv6.
        """
        with aws_errors("comparing the network with its layout", region):
            ids = self._resource_ids(region, stack_id)
            layout = layout_of(ids, zones=zones, allocation_ids=allocation_ids)
            ec2 = self._clients.ec2(region)
            found = [*Routing(ec2, layout).differences(), *Firewall(ec2, layout).differences()]
            probes = [zone.probe for zone in layout.zones]
            found += dual_stack(self._clients.awslambda(region), [*probes, *functions])
            found += Ipv6(ec2, layout).differences()
        return found + [d for zone in layout.zones for d in self._probe(region, layout, zone)]

    def restore(self, region: str, difference: Difference) -> None:
        """Put one difference back; does nothing where that must be done by hand."""
        if difference.restore:
            with aws_errors(f"restoring {difference.what}", region):
                difference.restore()

    def _resource_ids(self, region: str, stack_id: str) -> dict[str, str]:
        """Logical id → physical id. A deleted resource stays listed; it is left out."""
        found: Any = self._clients.cloudformation(region).describe_stack_resources(
            StackName=stack_id
        )["StackResources"]
        return {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
            for resource in found
            if resource["ResourceStatus"] != "DELETE_COMPLETE"
        }

    def _probe(self, region: str, layout: Layout, zone: Zone) -> list[Difference]:
        hops = function_hops(
            self._clients.awslambda(region),
            region,
            zone.probe,
            subnet_id=zone.private_subnet_id,
            group_ids=[layout.group_id],
        )
        return [
            Difference(f"Probe of {zone.name}", zone.probe, "OK", hop.detail, hop.repair)
            for hop in hops
            if not hop.ok
        ]
