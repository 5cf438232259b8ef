"""IPv6 of VPCs and subnets, which ministack lacks: ranges, routes, and a subnet's settings.

AWS gives a VPC a /56 of its own, and a route to itself in each of its tables. A range that a subnet
uses is not taken away. Interfaces have no IPv6 addresses here.
"""

from collections.abc import Callable
from ipaddress import IPv6Network
from typing import Any

from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Answer, Ec2Error, Params, action, xml
from webapp.sandbox.embedded_aws.addresses import new_id

Part = dict[str, Any]
Run = Callable[[Params], Answer]
POOL = IPv6Network("2001:db8::/40")
"""Of the range for documentation (RFC 3849)."""
VPC_PREFIX = 56
RANGES = "Ipv6Ranges"
TARGETS = ("GatewayId", "EgressOnlyInternetGatewayId", "NatGatewayId", "NetworkInterfaceId")
SETTINGS = {
    "AssignIpv6AddressOnCreation": "assignIpv6AddressOnCreation",
    "EnableDns64": "enableDns64",
}


def install() -> None:
    actions = ec2._ACTION_MAP
    actions |= {
        "AssociateVpcCidrBlock": action(_or_before("AssociateVpcCidrBlock", _associate_vpc)),
        "AssociateSubnetCidrBlock": action(_associate_subnet),
        "DisassociateVpcCidrBlock": action(
            _or_before("DisassociateVpcCidrBlock", lambda p: _disassociate(p, ec2._vpcs, "Vpc"))
        ),
        "DisassociateSubnetCidrBlock": action(
            _or_before(
                "DisassociateSubnetCidrBlock", lambda p: _disassociate(p, ec2._subnets, "Subnet")
            )
        ),
        "CreateRoute": action(_or_before("CreateRoute", _create_route)),
        "DeleteRoute": action(_or_before("DeleteRoute", _delete_route)),
        "ModifySubnetAttribute": action(_modify_subnet(actions["ModifySubnetAttribute"])),
    }
    vpc_fields, subnet_fields = ec2._vpc_fields_xml, ec2._subnet_fields_xml
    ec2._vpc_fields_xml = lambda vpc, tag="item": _with_ranges(vpc_fields(vpc, tag), vpc)
    ec2._subnet_fields_xml = lambda subnet, tag="item": _with_settings(
        _with_ranges(subnet_fields(subnet, tag), subnet), subnet
    )


def _or_before(name: str, run: Callable[[Params], Answer | None]) -> Run:
    """`run` answers what is about IPv6; the action as it was before answers the rest."""
    before = ec2._ACTION_MAP.get(name)

    def answer(params: Params) -> Answer:
        found = run(params)
        if found is not None:
            return found
        if before is None:
            raise Ec2Error("InvalidParameterValue", f"{name} is for IPv6 ranges only here.")
        done: Answer = before(params)
        return done

    return answer


def _associate_vpc(params: Params) -> Answer | None:
    if ec2._p(params, "AmazonProvidedIpv6CidrBlock").lower() != "true":
        return None
    vpc = _get(ec2._vpcs, ec2._p(params, "VpcId"), "InvalidVpcID.NotFound")
    taken = {held["Cidr"] for each in ec2._vpcs.values() for held in each.get(RANGES, [])}
    cidr = next(str(b) for b in POOL.subnets(new_prefix=VPC_PREFIX) if str(b) not in taken)
    held = {"Id": new_id("vpc-cidr-assoc"), "Cidr": cidr}
    vpc[RANGES] = [*vpc.get(RANGES, []), held]
    for table in ec2._route_tables.values():
        if table["VpcId"] == vpc["VpcId"]:
            table["Routes"].append(_route(cidr, {"GatewayId": "local"}, "CreateRouteTable"))
    return _associated("AssociateVpcCidrBlock", "vpcId", vpc["VpcId"], held)


def _associate_subnet(params: Params) -> Answer:
    cidr = ec2._p(params, "Ipv6CidrBlock")
    subnet = _get(ec2._subnets, ec2._p(params, "SubnetId"), "InvalidSubnetID.NotFound")
    vpc_ranges = ec2._vpcs[subnet["VpcId"]].get(RANGES, [])
    if not any(IPv6Network(cidr).subnet_of(IPv6Network(held["Cidr"])) for held in vpc_ranges):
        raise Ec2Error("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")
    held = {"Id": new_id("subnet-cidr-assoc"), "Cidr": cidr}
    subnet[RANGES] = [*subnet.get(RANGES, []), held]
    return _associated("AssociateSubnetCidrBlock", "subnetId", subnet["SubnetId"], held)


def _disassociate(params: Params, parts: Any, kind: str) -> Answer | None:
    association_id = ec2._p(params, "AssociationId")
    for part in parts.values():
        for held in part.get(RANGES, []):
            if held["Id"] == association_id:
                _check_unused(held, kind, part)
                part[RANGES] = [each for each in part[RANGES] if each != held]
                name = f"Disassociate{kind}CidrBlock"
                return _associated(name, f"{kind.lower()}Id", part[f"{kind}Id"], held)
    return None


def _check_unused(held: Part, kind: str, part: Part) -> None:
    if kind != "Vpc":
        return
    used = any(
        IPv6Network(each["Cidr"]).subnet_of(IPv6Network(held["Cidr"]))
        for subnet in ec2._subnets.values()
        if subnet["VpcId"] == part["VpcId"]
        for each in subnet.get(RANGES, [])
    )
    if used:
        raise Ec2Error(
            "InvalidCidrBlock.InUse",
            f"The vpc {part['VpcId']} currently has a subnet within CIDR block {held['Cidr']}.",
        )
    for table in ec2._route_tables.values():
        table["Routes"] = [
            r for r in table["Routes"] if r.get("DestinationIpv6CidrBlock") != held["Cidr"]
        ]


def _create_route(params: Params) -> Answer | None:
    cidr = ec2._p(params, "DestinationIpv6CidrBlock")
    if not cidr:
        return None
    table = _table(params)
    if any(route.get("DestinationIpv6CidrBlock") == cidr for route in table["Routes"]):
        raise Ec2Error("RouteAlreadyExists", f"The route identified by {cidr} already exists.")
    target = {name: ec2._p(params, name) for name in TARGETS if ec2._p(params, name)}
    table["Routes"].append(_route(cidr, target, "CreateRoute"))
    return xml("CreateRoute", "<return>true</return>")


def _delete_route(params: Params) -> Answer | None:
    cidr = ec2._p(params, "DestinationIpv6CidrBlock")
    if not cidr:
        return None
    table = _table(params)
    kept = [r for r in table["Routes"] if r.get("DestinationIpv6CidrBlock") != cidr]
    if len(kept) == len(table["Routes"]):
        raise Ec2Error("InvalidRoute.NotFound", f"no route with destination-cidr-block {cidr}")
    table["Routes"] = kept
    return xml("DeleteRoute", "<return>true</return>")


def _modify_subnet(run: Run) -> Run:
    def answer(params: Params) -> Answer:
        subnet = _get(ec2._subnets, ec2._p(params, "SubnetId"), "InvalidSubnetID.NotFound")
        for name in SETTINGS:
            if value := ec2._p(params, f"{name}.Value"):
                subnet[name] = value.lower() == "true"
        return run(params)

    return answer


def _table(params: Params) -> Part:
    table_id = ec2._p(params, "RouteTableId")
    return _get(ec2._route_tables, table_id, "InvalidRouteTableID.NotFound")


def _get(parts: Any, id: str, code: str) -> Part:
    found: Part | None = parts.get(id)
    if found is None:
        raise Ec2Error(code, f"The ID '{id}' does not exist")
    return found


def _route(cidr: str, target: dict[str, str], origin: str) -> Part:
    return {"DestinationIpv6CidrBlock": cidr, "State": "active", "Origin": origin} | target


def _associated(name: str, field: str, id: str, held: Part) -> Answer:
    return xml(name, f"<{field}>{id}</{field}>{_range(held, 'ipv6CidrBlockAssociation')}")


def _range(held: Part, tag: str) -> str:
    return (
        f"<{tag}><associationId>{held['Id']}</associationId>"
        f"<ipv6CidrBlock>{held['Cidr']}</ipv6CidrBlock>"
        f"<ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState></{tag}>"
    )


def _with_ranges(fields: str, part: Part) -> str:
    items = "".join(_range(held, "item") for held in part.get(RANGES, []))
    listed = f"<ipv6CidrBlockAssociationSet>{items}</ipv6CidrBlockAssociationSet>"
    return fields.replace("<state>", f"{listed}<state>", 1) if items else fields


def _with_settings(fields: str, subnet: Part) -> str:
    for name, tag in SETTINGS.items():
        if subnet.get(name):
            fields = fields.replace(f"<{tag}>false</{tag}>", f"<{tag}>true</{tag}>")
    return fields
