"""Which resources a request to EC2 is about."""

import pytest

from webapp.sandbox.embedded_aws.iam.ec2_requests import needs

REGION, ACCOUNT = "eu-central-1", "111122223333"
ARN = f"arn:aws:ec2:{REGION}:{ACCOUNT}:"
VPC, SUBNET, TABLE = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "rtb-0123456789abcdef0"
TAGS = {"TagSpecification.1.Tag.1.Key": "egret:managed", "TagSpecification.1.Tag.1.Value": "true"}


@pytest.mark.parametrize(
    ("action", "params", "resources"),
    [
        ("DescribeVpcs", {"VpcId.1": VPC}, ["*"]),
        ("CreateVpc", {"CidrBlock": "10.0.0.0/16"}, [f"{ARN}vpc/*"]),
        ("CreateSubnet", {"VpcId": VPC}, [f"{ARN}subnet/*", f"{ARN}vpc/{VPC}"]),
        ("CreateRoute", {"RouteTableId": TABLE, "NatGatewayId": "nat-0123456789abcdef0"}, [TABLE]),
        ("AssociateRouteTable", {"RouteTableId": TABLE, "SubnetId": SUBNET}, [TABLE, SUBNET]),
        ("ReleaseAddress", {"AllocationId": "eipalloc-0123456789abcdef0"}, ["elastic-ip/"]),
        ("DeleteTags", {"ResourceId.1": VPC, "Tag.1.Key": "subnet-0123456789abcdef0"}, [VPC]),
        ("CreateTags", {"ResourceId.1": VPC, "ResourceId.2": "snap-0123abcd"}, [VPC, "snap/snap-"]),
        ("CreateTags", {"ResourceId.1": "any", "ResourceId.2": "i-0123abcd"}, ["/any", "instance"]),
        ("EnableEbsEncryptionByDefault", {}, ["*"]),
    ],
)
def test_an_action_is_on_what_it_makes_and_on_what_it_names(
    action: str, params: dict[str, str], resources: list[str]
) -> None:
    found = needs(action, params | {"Version": "2016-11-15"}, REGION, ACCOUNT)
    assert [need.action for need in found] == [f"ec2:{action}"] * len(resources)
    assert all(wanted in need.resource for wanted, need in zip(resources, found, strict=True)), (
        found
    )


def test_tags_of_what_is_created_need_a_permission_that_knows_what_creates_it() -> None:
    made, tagged = needs("AllocateAddress", TAGS, REGION, ACCOUNT)
    assert made.context["aws:RequestTag/egret:managed"] == "true"
    assert (tagged.action, tagged.resource) == ("ec2:CreateTags", f"{ARN}elastic-ip/*")
    assert tagged.context["ec2:CreateAction"] == "AllocateAddress"
    assert len(needs("AllocateAddress", {}, REGION, ACCOUNT)) == 1
