"""Elastic IPs: their quota, filters and in-use errors; from documentation ranges (RFC 5737)."""

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Answer, Ec2Error, Params, action, passes, xml

POOL = [
    str(ip)
    for network in ("203.0.113.0/24", "198.51.100.0/24")
    for ip in IPv4Network(network).hosts()
]
FILTERED = {
    "allocation-id": "AllocationId",
    "association-id": "AssociationId",
    "domain": "Domain",
    "network-interface-id": "NetworkInterfaceId",
    "public-ip": "PublicIp",
}

Address = dict[str, Any]


def install(quota: int) -> None:
    associate = ec2._ACTION_MAP["AssociateAddress"]
    disassociate = ec2._ACTION_MAP["DisassociateAddress"]
    ec2._ACTION_MAP.update(
        AssociateAddress=action(lambda params: _associate(params, associate)),
        DisassociateAddress=action(lambda params: _disassociate(params, disassociate)),
        AllocateAddress=action(lambda params: _allocate(params, quota)),
        DescribeAddresses=action(_describe),
        ReleaseAddress=action(_release),
    )


def get(allocation_id: str) -> Address:
    address: Address | None = ec2._addresses.get(allocation_id)
    if address is None:
        raise Ec2Error(
            "InvalidAllocationID.NotFound", f"The allocation ID '{allocation_id}' does not exist"
        )
    return address


def by_ip(ip: str) -> Address:
    for address in ec2._addresses.values():
        if address["PublicIp"] == ip:
            found: Address = address
            return found
    raise Ec2Error("InvalidAddress.NotFound", f"Address '{ip}' not found.")


def new_id(prefix: str) -> str:
    return f"{prefix}-{ec2.new_uuid().replace('-', '')[:17]}"


def create(quota: int, wanted: str = "") -> Address:
    """A new address, or the released one that is `wanted` back."""
    if len(ec2._addresses) >= quota:
        raise Ec2Error("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    address = {
        "AllocationId": new_id("eipalloc"),
        "PublicIp": _pick_ip(wanted),
        "Domain": "vpc",
        "AssociationId": None,
        "InstanceId": None,
        "NetworkInterfaceId": None,
        "PrivateIpAddress": None,
    }
    ec2._addresses[address["AllocationId"]] = address
    return address


def release(address: Address) -> None:
    if address["AssociationId"]:
        raise Ec2Error("InvalidIPAddress.InUse", f"Address {address['PublicIp']} is in use.")
    del ec2._addresses[address["AllocationId"]]
    ec2._tags.pop(address["AllocationId"], None)


def _allocate(params: Params, quota: int) -> Answer:
    address = create(quota, ec2._p(params, "Address"))
    ec2._parse_tag_specs(params, "elastic-ip", address["AllocationId"])
    return xml("AllocateAddress", _fields(address))


def _pick_ip(wanted: str) -> str:
    """`wanted` if it is free, as EC2 recovers an address; without it, the first free one."""
    taken = {address["PublicIp"] for address in ec2._addresses._data.values()}
    if wanted and (wanted in taken or wanted not in POOL):
        raise Ec2Error("InvalidAddress.NotFound", f"Address '{wanted}' not found.")
    return wanted or next(ip for ip in POOL if ip not in taken)


def _release(params: Params) -> Answer:
    release(get(ec2._p(params, "AllocationId")))
    return xml("ReleaseAddress", "<return>true</return>")


def _describe(params: Params) -> Answer:
    ids = ec2._parse_member_list(params, "AllocationId")
    ips = ec2._parse_member_list(params, "PublicIp")
    for allocation_id in ids:
        get(allocation_id)
    _check_known(ips)
    filters = ec2._parse_filters(params)
    items = "".join(
        f"<item>{_fields(address)}{ec2._tag_set_xml(address['AllocationId'])}</item>"
        for address in ec2._addresses.values()
        if (not ids or address["AllocationId"] in ids)
        and (not ips or address["PublicIp"] in ips)
        and passes(address, address["AllocationId"], FILTERED, filters)
    )
    return xml("DescribeAddresses", f"<addressesSet>{items}</addressesSet>")


def _associate(params: Params, run: Callable[[Params], Answer]) -> Answer:
    """With an interface too, which ministack forgets."""
    address, interface_id = (
        get(ec2._p(params, "AllocationId")),
        ec2._p(params, "NetworkInterfaceId"),
    )
    on = ec2._network_interfaces.get(interface_id) if interface_id else {}
    if on is None:
        raise Ec2Error(
            "InvalidNetworkInterfaceID.NotFound",
            f"The networkInterface ID '{interface_id}' does not exist",
        )
    answer = run(params)
    address["NetworkInterfaceId"] = interface_id or None
    return answer


def _disassociate(params: Params, run: Callable[[Params], Answer]) -> Answer:
    """Not from a NAT gateway, which keeps its first address for life."""
    association_id = ec2._p(params, "AssociationId")
    for nat in ec2._nat_gateways.values():
        address = ec2._addresses.get(nat["AllocationId"]) or {}
        if association_id and address.get("AssociationId") == association_id:
            raise Ec2Error(
                "AuthFailure", "You do not have permission to access the specified resource."
            )
    for address in ec2._addresses.values():
        if association_id and address["AssociationId"] == association_id:
            address["NetworkInterfaceId"] = None
    return run(params)


def _check_known(ips: list[str]) -> None:
    known = {address["PublicIp"] for address in ec2._addresses.values()}
    for ip in ips:
        if ip not in known:
            raise Ec2Error("InvalidAddress.NotFound", f"Address '{ip}' not found.")


def _fields(address: Address) -> str:
    optional = {
        "associationId": address["AssociationId"],
        "networkInterfaceId": address["NetworkInterfaceId"],
        "privateIpAddress": address["PrivateIpAddress"],
    }
    given = "".join(f"<{tag}>{value}</{tag}>" for tag, value in optional.items() if value)
    return (
        f"<publicIp>{address['PublicIp']}</publicIp><domain>vpc</domain>"
        f"<allocationId>{address['AllocationId']}</allocationId>{given}"
    )
