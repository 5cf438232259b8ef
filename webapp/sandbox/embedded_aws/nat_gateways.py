"""NAT gateways: each holds an Elastic IP, is created and deleted slowly, and counts to a quota.

In a VPC without an internet gateway one is created too, but fails, without an address.
"""

import time
from typing import Any

from ministack.services import ec2

from webapp.sandbox.embedded_aws import addresses, internet_gateways
from webapp.sandbox.embedded_aws.actions import Answer, Ec2Error, Params, action, passes, xml

FAILURE = "FailureMessage"
FAILURE_CODE = "Gateway.NotAttached"
COUNTED_STATES = ("pending", "available", "deleting")
FILTERED = {
    "nat-gateway-id": "NatGatewayId",
    "state": "State",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}

NatGateway = dict[str, Any]


def install(delay_s: float, quota_per_zone: int) -> None:
    ec2._ACTION_MAP.update(
        CreateNatGateway=action(lambda params: _create(params, delay_s, quota_per_zone)),
        DescribeNatGateways=action(_describe),
        DeleteNatGateway=action(lambda params: _delete(params, delay_s)),
    )


def create(
    subnet_id: str, allocation_id: str, *, delay_s: float, quota: int, token: str = ""
) -> NatGateway:
    """A new NAT gateway, or the one created with the same client token. Raises Ec2Error."""
    for nat in ec2._nat_gateways.values():
        if token and nat.get("Token") == token:
            return _with_current_state(nat)
    subnet = ec2._subnets.get(subnet_id)
    if subnet is None:
        raise Ec2Error("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    address = addresses.get(allocation_id)
    if address["AssociationId"]:
        raise Ec2Error(
            "Resource.AlreadyAssociated",
            f"Elastic IP address [{allocation_id}] is already associated",
        )
    _check_quota(subnet["AvailabilityZone"], quota)
    nat = {
        "NatGatewayId": addresses.new_id("nat"),
        "SubnetId": subnet_id,
        "VpcId": subnet["VpcId"],
        "AllocationId": allocation_id,
        "ConnectivityType": "public",
        "State": "pending",
        "ChangesAt": time.time() + delay_s,
        "CreateTime": ec2._now_ts(),
        "Token": token,
    }
    if internet_gateways.is_attached(subnet["VpcId"]):
        address["AssociationId"] = addresses.new_id("eipassoc")
        address["NetworkInterfaceId"] = addresses.new_id("eni")
    else:
        nat[FAILURE] = f"Network {subnet['VpcId']} has no Internet gateway attached"
    ec2._nat_gateways[nat["NatGatewayId"]] = nat
    return nat


def delete(nat_id: str, *, delay_s: float) -> None:
    """Frees its address and makes routes to it black holes, at once. Harmless if repeated."""
    nat = ec2._nat_gateways.get(nat_id)
    if nat is None or nat["State"] in ("deleting", "deleted"):
        return
    nat["State"], nat["ChangesAt"] = "deleting", time.time() + delay_s
    address = ec2._addresses.get(nat["AllocationId"])
    if address and FAILURE not in nat:
        address["AssociationId"] = address["NetworkInterfaceId"] = None
    for table in ec2._route_tables.values():
        for route in table["Routes"]:
            if route.get("NatGatewayId") == nat_id:
                route["State"] = "blackhole"


def in_subnet(subnet_id: str) -> bool:
    """Whether a NAT gateway that is not deleted is in the subnet."""
    return any(
        nat["SubnetId"] == subnet_id and _with_current_state(nat)["State"] in COUNTED_STATES
        for nat in ec2._nat_gateways.values()
    )


def _check_quota(zone: str, quota: int) -> None:
    counted = [
        nat
        for nat in ec2._nat_gateways.values()
        if _with_current_state(nat)["State"] in COUNTED_STATES
        and (ec2._subnets.get(nat["SubnetId"]) or {}).get("AvailabilityZone") == zone
    ]
    if len(counted) >= quota:
        raise Ec2Error(
            "NatGatewayLimitExceeded",
            f"Performing this operation would exceed the limit of {quota} NAT gateways in {zone}",
        )


def _with_current_state(nat: NatGateway) -> NatGateway:
    """Updates its state, which changes by time alone."""
    if time.time() >= nat.get("ChangesAt", 0):
        ready = "failed" if FAILURE in nat else "available"
        following = {"pending": ready, "deleting": "deleted"}
        nat["State"] = following.get(nat["State"], nat["State"])
    return nat


def _create(params: Params, delay_s: float, quota: int) -> Answer:
    nat = create(
        ec2._p(params, "SubnetId"),
        ec2._p(params, "AllocationId"),
        delay_s=delay_s,
        quota=quota,
        token=ec2._p(params, "ClientToken"),
    )
    ec2._parse_tag_specs(params, "natgateway", nat["NatGatewayId"])
    return xml("CreateNatGateway", f"<natGateway>{_fields(nat)}</natGateway>")


def _describe(params: Params) -> Answer:
    ids = ec2._parse_member_list(params, "NatGatewayId")
    filters = ec2._parse_filters(params)
    items = "".join(
        f"<item>{_fields(nat)}</item>"
        for nat in map(_with_current_state, list(ec2._nat_gateways.values()))
        if (not ids or nat["NatGatewayId"] in ids)
        and passes(nat, nat["NatGatewayId"], FILTERED, filters)
    )
    return xml("DescribeNatGateways", f"<natGatewaySet>{items}</natGatewaySet>")


def _delete(params: Params, delay_s: float) -> Answer:
    nat_id = ec2._p(params, "NatGatewayId")
    if nat_id not in ec2._nat_gateways:
        raise Ec2Error("NatGatewayNotFound", f"NatGateway {nat_id} was not found")
    delete(nat_id, delay_s=delay_s)
    return xml("DeleteNatGateway", f"<natGatewayId>{nat_id}</natGatewayId>")


def _fields(nat: NatGateway) -> str:
    address = ec2._addresses.get(nat["AllocationId"]) or {}
    held = "".join(
        f"<{tag}>{value}</{tag}>"
        for tag, value in (
            ("allocationId", nat["AllocationId"]),
            ("publicIp", address.get("PublicIp")),
            ("associationId", address.get("AssociationId")),
            ("networkInterfaceId", address.get("NetworkInterfaceId")),
        )
        if value
    )
    failure = (
        f"<failureCode>{FAILURE_CODE}</failureCode><failureMessage>{nat[FAILURE]}</failureMessage>"
        if nat["State"] == "failed"
        else ""
    )
    return (
        f"<natGatewayId>{nat['NatGatewayId']}</natGatewayId>{failure}"
        f"<subnetId>{nat['SubnetId']}</subnetId><vpcId>{nat['VpcId']}</vpcId>"
        f"<state>{nat['State']}</state><connectivityType>public</connectivityType>"
        f"<createTime>{nat['CreateTime']}</createTime>"
        f"<natGatewayAddressSet><item>{held}<isPrimary>true</isPrimary>"
        "<status>succeeded</status></item></natGatewayAddressSet>"
        f"{ec2._tag_set_xml(nat['NatGatewayId'])}"
    )
