"""VPC Block Public Access in the embedded EC2."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import Lab, code_of
from webapp.aws.public_access import PublicAccess


def test_a_mode_holds_in_its_region_and_an_exclusion_excepts_a_vpc(lab: Lab) -> None:
    region = "ca-west-1"
    ec2: Any = lab.clients.ec2(region)
    access = PublicAccess(lab.clients)
    vpc_id = ec2.create_vpc(CidrBlock="10.94.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-bidirectional")
    assert access.read(region).closes(vpc_id)
    assert not access.read("eu-north-1").closes(vpc_id)
    made = ec2.create_vpc_block_public_access_exclusion(
        VpcId=vpc_id, InternetGatewayExclusionMode="allow-egress"
    )["VpcBlockPublicAccessExclusion"]
    assert not access.read(region).closes(vpc_id)
    ec2.delete_vpc_block_public_access_exclusion(ExclusionId=made["ExclusionId"])
    assert access.read(region).closes(vpc_id)
    ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="off")
    ec2.delete_vpc(VpcId=vpc_id)
    assert not access.read(region).closes(vpc_id)


def test_what_does_not_exist_is_refused(lab: Lab) -> None:
    ec2: Any = lab.clients.ec2(lab.region)
    with pytest.raises(ClientError) as error:
        ec2.create_vpc_block_public_access_exclusion(
            VpcId="vpc-0", InternetGatewayExclusionMode="allow-egress"
        )
    assert code_of(error) == "InvalidVpcID.NotFound"
