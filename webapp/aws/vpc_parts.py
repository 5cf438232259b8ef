"""Parts of a VPC in EC2's own form, and how to find one among them.

The trace of an egress path and the drift of a network both read these.
"""

from collections.abc import Iterable
from typing import Any

ANYWHERE = "0.0.0.0/0"
ALL_PROTOCOLS = "-1"
TCP = ("tcp", "6")
"""Security groups name a protocol, network ACLs give its number."""
PORT_MAX = 65535


def in_vpc(vpc_id: str) -> Any:
    """The filter, of every Describe call of EC2, for what is in this VPC."""
    return [{"Name": "vpc-id", "Values": [vpc_id]}]


def acl_of_subnet(acls: Iterable[Any], subnet_id: str) -> Any:
    """The subnet's network ACL; {} when it is not among them. Every subnet has exactly one."""
    return next((acl for acl in acls if _association(acl, SubnetId=subnet_id)), {})


def acl_association_id(acl: Any, subnet_id: str) -> str:
    return str(_association(acl, SubnetId=subnet_id)["NetworkAclAssociationId"])


def table_of_subnet(tables: list[Any], subnet_id: str) -> Any:
    """The subnet's own route table, or else its VPC's main one, which AWS does not list for it."""
    own = (table for table in tables if _association(table, SubnetId=subnet_id))
    main = (table for table in tables if _association(table, Main=True))
    return next(own, None) or next(main, {"RouteTableId": ""})


def default_route(table: Any) -> Any:
    """The table's IPv4 route to anywhere; {} when it has none."""
    routes: list[Any] = table.get("Routes", [])
    return next((r for r in routes if r.get("DestinationCidrBlock") == ANYWHERE), {})


def target_of(route: Any) -> str:
    """What a route points at, as one id. Each kind of target has a field of its own."""
    fields = (
        "VpcPeeringConnectionId",
        "NatGatewayId",
        "EgressOnlyInternetGatewayId",
        "GatewayId",
        "NetworkInterfaceId",
        "TransitGatewayId",
        "InstanceId",
        "LocalGatewayId",
        "CarrierGatewayId",
        "CoreNetworkArn",
    )
    target = next((str(route[field]) for field in fields if route.get(field)), "none")
    # EC2 keeps a route whose target was deleted, and calls it a black hole.
    return f"{target} (deleted)" if route.get("State") == "blackhole" else target


def _association(part: Any, **wanted: object) -> Any:
    ((key, value),) = wanted.items()
    return next((a for a in part.get("Associations", []) if a.get(key) == value), None)
