"""Network interfaces: tags at their creation, and the filters to find them."""

import re
from typing import Any

from ministack.services import ec2

from webapp.sandbox.embedded_aws.actions import Answer, Params, action, found, xml

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
    listed = found(params, ec2._network_interfaces, "NetworkInterfaceId", FILTERED)
    items = "".join(map(ec2._eni_fields_xml, listed))
    inner = f"<networkInterfaceSet>{items}</networkInterfaceSet>"
    return xml("DescribeNetworkInterfaces", inner)
