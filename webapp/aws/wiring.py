"""Our own reading of a network against its layout: what CloudFormation's drift cannot see, or not
put back.

CloudFormation repairs nothing while the template stays the same, so what can be restored is put
back by a call of its own. Each is harmless when it was done already.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from webapp.aws.differences import Difference, Layout, Zone

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

ANYWHERE = "0.0.0.0/0"
HTTPS_OUT: Any = {
    "IpProtocol": "tcp",
    "FromPort": 443,
    "ToPort": 443,
    "IpRanges": [{"CidrIp": ANYWHERE, "Description": "HTTPS"}],
}
DONE_ALREADY = frozenset(
    {"RouteAlreadyExists", "InvalidPermission.Duplicate", "InvalidPermission.NotFound"}
)
NAT_AGAIN = "Park the network and unpark it: its NAT gateways are made anew, on the same addresses."
NOT_FOUND_SUFFIX = (".NotFound", "NotFound")
NONE = "none"


class Wiring:
    """One look at EC2; `differences` reads as it goes."""

    def __init__(self, ec2: "EC2Client", layout: Layout) -> None:
        self._ec2 = ec2
        self._layout = layout

    def differences(self) -> Iterator[Difference]:
        yield from self._addresses()
        for zone in self._layout.zones:
            yield from self._association(zone)
            yield from self._default_route(zone)
            yield from self._extra_routes(zone)
        yield from self._public_route()
        yield from self._rules()
        yield from self._dns()

    def _addresses(self) -> Iterator[Difference]:
        """Each NAT gateway is there, and holds the address that is on the partner's list."""
        for nat_id, allocation_id in self._layout.nats.items():
            nat = self._nats.get(nat_id)
            if nat is None or nat["State"] != "available":
                state = nat["State"] if nat else "gone"
                yield Difference("NAT gateway", nat_id, "available", state, by_hand=NAT_AGAIN)
                continue
            held = [a.get("AllocationId", "") for a in nat.get("NatGatewayAddresses") or []]
            if held != [allocation_id]:
                actual = ", ".join(held) or NONE
                yield Difference(
                    "Address of the NAT gateway", nat_id, allocation_id, actual, by_hand=NAT_AGAIN
                )

    def _association(self, zone: Zone) -> Iterator[Difference]:
        table_id, association_id = self._table_of.get(zone.private_subnet_id, ("", ""))
        if table_id != zone.private_table_id:
            restore = partial(self._associate, zone, association_id)
            yield Difference(
                f"Route table of the private subnet in {zone.name}",
                zone.private_subnet_id,
                zone.private_table_id,
                table_id or "the VPC's main route table",
                restore=restore,
            )

    def _default_route(self, zone: Zone) -> Iterator[Difference]:
        route = self._route(zone.private_table_id)
        actual, expected = _target(route), zone.nat_id or NONE
        if actual == expected:
            return
        nat_is_there = (self._nats.get(zone.nat_id) or {}).get("State") == "available"
        restorable = nat_is_there or not zone.nat_id
        yield Difference(
            f"Default route of {zone.name}",
            zone.private_table_id,
            expected,
            actual,
            by_hand="" if restorable else NAT_AGAIN,
            restore=partial(self._lead, zone.private_table_id, route, NatGatewayId=zone.nat_id)
            if restorable
            else None,
        )

    def _extra_routes(self, zone: Zone) -> Iterator[Difference]:
        """All but the VPC's own, the default one, and that to S3's gateway endpoint."""
        for route in self._tables.get(zone.private_table_id, {}).get("Routes", []):
            cidr = route.get("DestinationCidrBlock", "")
            if cidr and cidr != ANYWHERE and route.get("GatewayId") != "local":
                table_id = zone.private_table_id
                yield Difference(
                    f"Extra route of {zone.name}",
                    table_id,
                    NONE,
                    f"{cidr} → {_target(route)}",
                    restore=partial(
                        self._ec2.delete_route, RouteTableId=table_id, DestinationCidrBlock=cidr
                    ),
                )

    def _public_route(self) -> Iterator[Difference]:
        table_id, expected = self._layout.public_table_id, self._layout.gateway_id
        route = self._route(table_id)
        if _target(route) != expected:
            restore = partial(self._lead, table_id, route, GatewayId=expected)
            yield Difference(
                "Default route of the public subnets",
                table_id,
                expected,
                _target(route),
                restore=restore,
            )

    def _rules(self) -> Iterator[Difference]:
        """HTTPS out, nothing in."""
        group_id = self._layout.group_id
        groups: Any = self._found(
            lambda: self._ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
        )
        if not groups:
            by_hand = "Delete the network and make it again, on the same addresses."
            yield Difference("Security group", group_id, "there", "gone", by_hand=by_hand)
            return
        out, into = groups[0].get("IpPermissionsEgress", []), groups[0].get("IpPermissions", [])
        if _spoken(out) != _spoken([HTTPS_OUT]):
            yield Difference(
                "Outbound rules of the security group",
                group_id,
                _spoken([HTTPS_OUT]),
                _spoken(out),
                restore=partial(self._only_https_out, out),
            )
        if into:
            revoke = self._ec2.revoke_security_group_ingress
            yield Difference(
                "Inbound rules of the security group",
                group_id,
                NONE,
                _spoken(into),
                restore=partial(revoke, GroupId=group_id, IpPermissions=_sendable(into)),
            )

    def _dns(self) -> Iterator[Difference]:
        vpc_id = self._layout.vpc_id
        for attribute, field in (
            ("enableDnsSupport", "EnableDnsSupport"),
            ("enableDnsHostnames", "EnableDnsHostnames"),
        ):
            asked: Any = {"VpcId": vpc_id, "Attribute": attribute}
            found: Any = self._ec2.describe_vpc_attribute(**asked)
            if not found[field]["Value"]:
                switch: Any = {"VpcId": vpc_id, field: {"Value": True}}
                restore = partial(self._ec2.modify_vpc_attribute, **switch)
                yield Difference(f"DNS ({attribute})", vpc_id, "on", "off", restore=restore)

    def _associate(self, zone: Zone, association_id: str) -> None:
        table_id = zone.private_table_id
        if association_id:
            self._ec2.replace_route_table_association(
                AssociationId=association_id, RouteTableId=table_id
            )
        else:
            self._ec2.associate_route_table(RouteTableId=table_id, SubnetId=zone.private_subnet_id)

    def _lead(self, table_id: str, old: Any, **target: Any) -> None:
        """The table's default route goes to `target`; to '' means that there is none."""
        arguments: Any = {"RouteTableId": table_id, "DestinationCidrBlock": ANYWHERE}
        if not all(target.values()):
            self._ec2.delete_route(**arguments)
        elif old:
            self._ec2.replace_route(**arguments, **target)
        else:
            _once(lambda: self._ec2.create_route(**arguments, **target))

    def _only_https_out(self, found: list[Any]) -> None:
        """First open what must be open, so that nothing that is right is cut off meanwhile."""
        group_id = self._layout.group_id
        wrong = [rule for rule in found if _spoken([rule]) != _spoken([HTTPS_OUT])]
        if len(wrong) == len(found):
            _once(
                lambda: self._ec2.authorize_security_group_egress(
                    GroupId=group_id, IpPermissions=[HTTPS_OUT]
                )
            )
        if wrong:
            _once(
                lambda: self._ec2.revoke_security_group_egress(
                    GroupId=group_id, IpPermissions=_sendable(wrong)
                )
            )

    def _route(self, table_id: str) -> Any:
        routes: list[Any] = self._tables.get(table_id, {}).get("Routes", [])
        return next((r for r in routes if r.get("DestinationCidrBlock") == ANYWHERE), {})

    @cached_property
    def _tables(self) -> dict[str, Any]:
        here: Any = [{"Name": "vpc-id", "Values": [self._layout.vpc_id]}]
        found = self._ec2.describe_route_tables(Filters=here)["RouteTables"]
        return {table["RouteTableId"]: table for table in found}

    @cached_property
    def _table_of(self) -> dict[str, tuple[str, str]]:
        """Of each subnet with a table of its own: the table and the association."""
        return {
            a["SubnetId"]: (table_id, a["RouteTableAssociationId"])
            for table_id, table in self._tables.items()
            for a in table.get("Associations", [])
            if a.get("SubnetId")
        }

    @cached_property
    def _nats(self) -> dict[str, Any]:
        here: Any = [{"Name": "vpc-id", "Values": [self._layout.vpc_id]}]
        found = self._ec2.describe_nat_gateways(Filters=here)["NatGateways"]
        return {nat["NatGatewayId"]: nat for nat in found}

    def _found(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except ClientError as error:
            if not str(error.response["Error"].get("Code", "")).endswith(NOT_FOUND_SUFFIX):
                raise
            return []


def _once(change: Callable[[], Any]) -> None:
    """Somebody may have done it in the meantime."""
    with suppress(_DoneAlready):
        try:
            change()
        except ClientError as error:
            if error.response["Error"].get("Code") in DONE_ALREADY:
                raise _DoneAlready from error
            raise


class _DoneAlready(Exception):
    pass


def _target(route: Any) -> str:
    """Where a route leads, as one id."""
    names = ("NatGatewayId", "GatewayId", "NetworkInterfaceId", "TransitGatewayId", "InstanceId")
    found = next((str(route[name]) for name in names if route.get(name)), NONE)
    peering = route.get("VpcPeeringConnectionId")
    lost = " (black hole)" if route.get("State") == "blackhole" else ""
    return f"{peering or found}{lost}"


def _spoken(rules: list[Any]) -> str:
    """Rules of a security group in words, in an order that does not depend on AWS's."""
    return "; ".join(sorted(_rule(rule) for rule in rules)) or NONE


def _rule(rule: Any) -> str:
    others = [
        *(allowed["CidrIp"] for allowed in rule.get("IpRanges", [])),
        *(allowed["CidrIpv6"] for allowed in rule.get("Ipv6Ranges", [])),
        *(allowed["PrefixListId"] for allowed in rule.get("PrefixListIds", [])),
        *(allowed.get("GroupId", "") for allowed in rule.get("UserIdGroupPairs", [])),
    ]
    if rule["IpProtocol"] == "-1":
        return f"everything to {', '.join(sorted(others))}"
    ports = sorted({rule.get("FromPort", 0), rule.get("ToPort", 65535)})
    spoken = "-".join(str(port) for port in ports)
    return f"{rule['IpProtocol'].upper()} {spoken}: {', '.join(sorted(others))}"


def _sendable(rules: list[Any]) -> Any:
    """As EC2 takes them back: without what is empty."""
    return [{key: value for key, value in rule.items() if value != []} for rule in rules]
