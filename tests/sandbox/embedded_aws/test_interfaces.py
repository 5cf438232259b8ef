"""Network interfaces in the embedded EC2: how they are found, and what they hold."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import Lab, code_of, subnet, unique, vpc


def test_an_interface_is_found_by_its_tag_and_description_and_holds_its_subnet(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    stack = lab.deployed(vpc() | {"Public": subnet("10.50.0.0/24")}, {"Id": {"Ref": "Public"}})
    name, subnet_id = unique("AWS Lambda VPC ENI"), stack.outputs["Id"]
    tags: Any = [{"ResourceType": "network-interface", "Tags": [{"Key": "who", "Value": name}]}]
    made = ec2.create_network_interface(
        SubnetId=subnet_id, Description=name, TagSpecifications=tags
    )["NetworkInterface"]["NetworkInterfaceId"]
    for filters in (
        [{"Name": "tag:who", "Values": [name]}],
        [{"Name": "description", "Values": [f"{name[:-2]}*"]}],
        [{"Name": "subnet-id", "Values": [subnet_id]}],
    ):
        wanted: Any = filters
        found = ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]
        assert [interface["NetworkInterfaceId"] for interface in found] == [made]
    with pytest.raises(ClientError) as error:
        ec2.delete_subnet(SubnetId=subnet_id)
    assert code_of(error) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=made)


def test_an_interface_in_use_is_not_deleted(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    subnet_id = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = ec2.create_network_interface(SubnetId=subnet_id)["NetworkInterface"]
    named: Any = {"NetworkInterfaceId": made["NetworkInterfaceId"]}
    attached = ec2.attach_network_interface(**named, InstanceId="i-1", DeviceIndex=1)
    with pytest.raises(ClientError, match="currently in use") as error:
        ec2.delete_network_interface(**named)
    ec2.detach_network_interface(AttachmentId=attached["AttachmentId"])
    ec2.delete_network_interface(**named)
    assert code_of(error) == "InvalidParameterValue"
