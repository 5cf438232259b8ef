"""What the embedded EC2 refuses, with EC2's own error codes."""

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import Lab, code_of, subnet, vpc


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "10.0.0.0/29"])
def test_a_vpc_of_a_wrong_size_is_refused(lab: Lab, cidr: str) -> None:
    with pytest.raises(ClientError) as error:
        lab.clients.ec2(lab.region).create_vpc(CidrBlock=cidr)
    assert code_of(error) == "InvalidVpc.Range"


def test_a_subnet_outside_its_vpc_or_over_another_is_refused(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    stack = lab.deployed(vpc() | {"Public": subnet("10.50.0.0/24")}, {"Vpc": {"Ref": "Vpc"}})
    for cidr, code in (
        ("10.51.0.0/24", "InvalidSubnet.Range"),
        ("10.50.0.0/25", "InvalidSubnet.Conflict"),
    ):
        with pytest.raises(ClientError) as error:
            ec2.create_subnet(VpcId=stack.outputs["Vpc"], CidrBlock=cidr)
        assert code_of(error) == code
