"""Network interfaces: tags at their creation, and the filters to find them."""

import re
from typing import Any

from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Answer, Params, action, passes, xml

FILTERED = {
    "description": "Description",
    "network-interface-id": "NetworkInterfaceId",
    "status": "Status",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


def install() -> None:
    create = ec2._ACTION_MAP["CreateNetworkInterface"]
    ec2._ACTION_MAP.update(
        CreateNetworkInterface=action(lambda params: _create(params, create)),
        DescribeNetworkInterfaces=action(_describe),
    )


def in_subnet(subnet_id: str) -> bool:
    """Whether an interface is in the subnet."""
    return any(i["SubnetId"] == subnet_id for i in ec2._network_interfaces.values())


def in_group(group_id: str) -> bool:
    """Whether an interface uses the security group."""
    return any(
        group["GroupId"] == group_id
        for interface in ec2._network_interfaces.values()
        for group in interface["Groups"]
    )


def _create(params: Params, create: Any) -> Answer:
    answer: Answer = create(params)
    made = re.search(rb"<networkInterfaceId>([^<]+)", answer[2])
    if made:
        ec2._parse_tag_specs(params, "network-interface", made.group(1).decode())
    return answer


def _describe(params: Params) -> Answer:
    ids = ec2._parse_member_list(params, "NetworkInterfaceId")
    filters = ec2._parse_filters(params)
    items = "".join(
        ec2._eni_fields_xml(interface)
        for interface in ec2._network_interfaces.values()
        if (not ids or interface["NetworkInterfaceId"] in ids)
        and passes(interface, interface["NetworkInterfaceId"], FILTERED, filters)
    )
    inner = f"<networkInterfaceSet>{items}</networkInterfaceSet>"
    return xml("DescribeNetworkInterfaces", inner)
