"""Which permissions a request to EC2 needs, by the service authorization reference.

An action on several resources is allowed only if it is on each. What is created has no id yet, and
its tags need `ec2:CreateTags` too.
"""

import re
from collections.abc import Iterator, Mapping

from ministack.services import ec2

from webapp.sandbox.embedded_aws.iam.needs import Need, request_tags

Params = Mapping[str, str]

TYPES = {
    "acl": "network-acl",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "rtb": "route-table",
    "sg": "security-group",
    "subnet": "subnet",
    "vgw": "vpn-gateway",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""Types of resources by how their ids begin."""
CREATED = {
    "AllocateAddress": "elastic-ip",
    "CreateEgressOnlyInternetGateway": "egress-only-internet-gateway",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateNetworkAcl": "network-acl",
    "CreateNetworkInterface": "network-interface",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
    "CreateVpcPeeringConnection": "vpc-peering-connection",
}
ROUTES = ("CreateRoute", "ReplaceRoute", "DeleteRoute")
"""They are on the route table alone, wherever a route leads."""
UNKNOWN = "unknown"
TAGGING = ("CreateTags", "DeleteTags")
"""They are on everything that they name, of whatever type."""
ID = re.compile(r"([a-z]+)-[0-9a-f]{8,17}")
TAG = re.compile(r"((?:TagSpecification\.\d+\.)?Tag\.\d+)\.Key")


def needs(action: str, params: Params, region: str, account: str) -> list[Need]:
    """`action` is EC2's own name of it, such as CreateVpc."""
    arn, tags = f"arn:aws:ec2:{region}:{account}", _tags(params)
    name = f"ec2:{action}"
    if action.startswith("Describe"):
        return [Need(name, region=region)]
    asked = request_tags(tags)
    created = f"{arn}:{CREATED[action]}/*" if action in CREATED else ""
    resources = [f"{arn}:{TYPES.get(kind, kind)}/{each}" for kind, each in _ids(action, params)]
    on = [created] if created else []
    on += [each for each in resources if each not in on]
    found = [Need(name, each, asked, region) for each in on or ["*"]]
    if created and tags:
        tagging = asked | {"ec2:CreateAction": action}
        found.append(Need("ec2:CreateTags", created, tagging, region))
    return found


def _tags(params: Params) -> dict[str, str]:
    keys = [match.group(1) for match in map(TAG.fullmatch, params) if match]
    return {params[f"{key}.Key"]: params.get(f"{key}.Value", "") for key in keys}


def _ids(action: str, params: Params) -> Iterator[tuple[str, str]]:
    """The ids that a request names, with how they begin; of an association, those it is of."""
    for field, value in sorted(params.items()):
        if TAG.fullmatch(field) or "Tag" in field or field == "Action":
            continue
        if action in ROUTES and field != "RouteTableId":
            continue
        for each in (value, *_associated(value)):
            match = ID.fullmatch(each)
            if match and match.group(1) in TYPES:
                yield match.group(1), each
            elif action in TAGGING and field.startswith("ResourceId"):
                yield each.rpartition("-")[0] or UNKNOWN, each


def _associated(association_id: str) -> list[str]:
    """The resources that an association is of."""
    if association_id.startswith("rtbassoc-"):
        return [
            each
            for table in ec2._route_tables.values()
            for association in table["Associations"]
            if association["RouteTableAssociationId"] == association_id
            for each in (table["RouteTableId"], association.get("SubnetId") or "")
        ]
    if association_id.startswith("aclassoc-"):
        return [
            each
            for acl in ec2._network_acls.values()
            for association in acl["Associations"]
            if association["NetworkAclAssociationId"] == association_id
            for each in (acl["NetworkAclId"], association.get("SubnetId") or "")
        ]
    return [
        each
        for kind, store in (("VpcId", ec2._vpcs), ("SubnetId", ec2._subnets))
        for resource in store.values()
        if association_id.startswith(("vpc-cidr-assoc-", "subnet-cidr-assoc-"))
        and association_id in str(resource)
        for each in (resource[kind],)
    ]
