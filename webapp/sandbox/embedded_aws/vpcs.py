"""VPCs with more than one range, and peerings that tell the ranges of both sides, as EC2 does."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Answer, Ec2Error, Params, action, xml

SECONDARY = "SecondaryCidrs"
"""A VPC's further ranges: association id → range."""
SECONDARY_MAX = 4
LARGEST_PREFIX, SMALLEST_PREFIX = 16, 28

Vpc = dict[str, Any]


def install() -> None:
    describe_vpc, describe = ec2._vpc_fields_xml, ec2._ACTION_MAP["DescribeVpcPeeringConnections"]
    ec2._vpc_fields_xml = lambda vpc, tag="item": _with_ranges(vpc, describe_vpc(vpc, tag))
    ec2._ACTION_MAP.update(
        AssociateVpcCidrBlock=action(_associate),
        DisassociateVpcCidrBlock=action(_disassociate),
        DescribeVpcPeeringConnections=action(lambda params: _peerings(describe(params))),
    )


def ranges(vpc: Vpc) -> list[str]:
    """All ranges of the VPC, the first one first."""
    return [vpc["CidrBlock"], *vpc.get(SECONDARY, {}).values()]


def _associate(params: Params) -> Answer:
    vpc_id, cidr = ec2._p(params, "VpcId"), ec2._p(params, "CidrBlock")
    vpc = ec2._vpcs.get(vpc_id)
    if vpc is None:
        raise Ec2Error("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    _check_range(vpc, cidr)
    association_id = f"vpc-cidr-assoc-{ec2.new_uuid().replace('-', '')[:17]}"
    vpc[SECONDARY] = vpc.get(SECONDARY, {}) | {association_id: cidr}
    inner = _association(association_id, cidr, "associating")
    block = f"<cidrBlockAssociation>{inner}</cidrBlockAssociation>"
    return xml("AssociateVpcCidrBlock", f"<vpcId>{vpc_id}</vpcId>{block}")


def _check_range(vpc: Vpc, cidr: str) -> None:
    network = IPv4Network(cidr)
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise Ec2Error("InvalidVpc.Range", f"The CIDR '{cidr}' is invalid.")
    if any(network.overlaps(IPv4Network(other)) for other in ranges(vpc)):
        raise Ec2Error("CidrConflict", f"The CIDR '{cidr}' conflicts with another CIDR of the VPC.")
    if len(vpc.get(SECONDARY, {})) >= SECONDARY_MAX:
        raise Ec2Error(
            "CidrLimitExceeded", "The maximum number of CIDR blocks for this network was reached."
        )


def _disassociate(params: Params) -> Answer:
    association_id = ec2._p(params, "AssociationId")
    for vpc in ec2._vpcs.values():
        held = dict(vpc.get(SECONDARY, {}))
        if association_id in held:
            cidr = held.pop(association_id)
            vpc[SECONDARY] = held
            inner = _association(association_id, cidr, "disassociating")
            block = f"<cidrBlockAssociation>{inner}</cidrBlockAssociation>"
            return xml("DisassociateVpcCidrBlock", f"<vpcId>{vpc['VpcId']}</vpcId>{block}")
    raise Ec2Error(
        "InvalidCidrBlockAssociationID.NotFound",
        f"The vpc CIDR block association ID '{association_id}' does not exist",
    )


def _with_ranges(vpc: Vpc, described: str) -> str:
    items = "".join(
        f"<item>{_association(association_id, cidr, 'associated')}</item>"
        for association_id, cidr in vpc.get(SECONDARY, {}).items()
    )
    return described.replace("</cidrBlockAssociationSet>", f"{items}</cidrBlockAssociationSet>")


def _association(association_id: str, cidr: str, state: str) -> str:
    return (
        f"<associationId>{association_id}</associationId><cidrBlock>{cidr}</cidrBlock>"
        f"<cidrBlockState><state>{state}</state></cidrBlockState>"
    )


def _peerings(answer: Answer) -> Answer:
    """Put each side's ranges after its VPC's id. A VPC that is not here has none to tell."""
    status, headers, body = answer
    known = dict(_everywhere())

    def with_ranges(found: re.Match[bytes]) -> bytes:
        told = known.get(found.group(1).decode(), [])
        items = "".join(f"<item><cidrBlock>{cidr}</cidrBlock></item>" for cidr in told)
        first = f"<cidrBlock>{told[0]}</cidrBlock>" if told else ""
        return found.group(0) + f"{first}<cidrBlockSet>{items}</cidrBlockSet>".encode()

    return status, headers, re.sub(rb"<vpcId>([^<]+)</vpcId>", with_ranges, body)


def _everywhere() -> Iterator[tuple[str, list[str]]]:
    """The VPCs of all accounts and regions of the embedded AWS, each with its ranges."""
    for vpc in ec2._vpcs._data.values():
        yield vpc["VpcId"], ranges(vpc)
