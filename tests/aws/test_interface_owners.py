"""What goes away so that an interface does, by what AWS's services write on theirs."""

from typing import Any

import pytest

from webapp.aws.interface_owners import remedy_for_interface

UUID = "1b2c3d4e-0a1b-2c3d-4e5f-0123456789ab"


@pytest.mark.parametrize(
    ("described", "word"),
    [
        ({"Description": "ELB app/shop/50dc6c495c0c9188"}, "load balancer shop."),
        ({"Description": "ELB old-shop"}, "load balancer old-shop."),
        ({"Description": "VPC Endpoint Interface vpce-0a1"}, "VPC endpoint vpce-0a1."),
        ({"Description": "Interface for NAT Gateway nat-0a1"}, "NAT gateway nat-0a1."),
        (
            {"Description": "Network Interface for Transit Gateway Attachment tgw-attach-0a1"},
            "attachment tgw-attach-0a1.",
        ),
        ({"Description": "EFS mount target for fs-0a1 (fsmt-0b2)"}, "mount target of fs-0a1"),
        ({"Description": "RDSNetworkInterface", "RequesterManaged": True}, "RDS database"),
        (
            {"Description": "arn:aws-cn:ecs:cn-north-1:1:attachment/0a1"},
            "ECS task or service",
        ),
        ({"Attachment": {"InstanceId": "i-0a1"}, "Status": "in-use"}, "instance i-0a1"),
        ({"RequesterManaged": True, "RequesterId": "amazon-new"}, "amazon-new"),
        ({"Status": "in-use"}, "Detach eni-1"),
        ({"Status": "available"}, "Delete the network interface eni-1."),
        ({"Description": f"AWS Lambda VPC ENI-theirs-{UUID}", "Status": "in-use"}, "theirs"),
        ({"Description": f"AWS Lambda VPC ENI-x-{UUID}", "Status": "available"}, "left it"),
    ],
)
def test_each_interface_has_advice_that_works(described: dict[str, Any], word: str) -> None:
    assert word in remedy_for_interface({"NetworkInterfaceId": "eni-1"} | described)
