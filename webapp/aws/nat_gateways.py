"""NAT gateways one by one, for those that no stack takes care of any more."""

from collections.abc import Sequence
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import aws_errors, ignoring

DELETING, DELETED = "deleting", "deleted"
NOT_FOUND = "NatGatewayNotFound"


class NatGateways:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def states(self, region: str, ids: Sequence[str]) -> dict[str, str]:
        """AWS's state of each that still exists, such as `available` or `deleting`, by its id."""
        ec2: Any = self._clients.ec2(region)  # the stubs misname the filter
        wanted = [{"Name": "nat-gateway-id", "Values": list(ids)}]
        with aws_errors("looking for NAT gateways", region):
            pages = ec2.get_paginator("describe_nat_gateways").paginate(Filter=wanted)
            found = {n["NatGatewayId"]: n["State"] for page in pages for n in page["NatGateways"]}
        return {nat_id: state for nat_id, state in found.items() if state != DELETED}

    def delete(self, region: str, nat_id: str) -> None:
        """Request the deletion, which takes AWS a minute; harmless if there is none."""
        with aws_errors(f"deleting {nat_id}", region), ignoring({NOT_FOUND}):
            self._clients.ec2(region).delete_nat_gateway(NatGatewayId=nat_id)
