"""Network ACLs in the embedded EC2: ports, associations and deletion."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import Lab, subnet, vpc


def test_a_subnets_network_acl_keeps_its_ports_and_is_not_deleted_while_in_use(lab: Lab) -> None:
    stack = lab.deployed(
        vpc() | {"Subnet": subnet("10.50.0.0/24")},
        {"Vpc": {"Ref": "Vpc"}, "Subnet": {"Ref": "Subnet"}},
    )
    ec2 = lab.clients.ec2(lab.region)
    here: Any = [{"Name": "association.subnet-id", "Values": [stack.outputs["Subnet"]]}]
    (default,) = ec2.describe_network_acls(Filters=here)["NetworkAcls"]
    assert default["IsDefault"]
    assert {entry["RuleNumber"] for entry in default["Entries"]} == {100, 32767}
    made = ec2.create_network_acl(VpcId=stack.outputs["Vpc"])["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=made,
        RuleNumber=10,
        Protocol="6",
        RuleAction="allow",
        Egress=True,
        CidrBlock="0.0.0.0/0",
        PortRange={"From": 443, "To": 443},
    )
    held = default["Associations"][0]["NetworkAclAssociationId"]
    answer = ec2.replace_network_acl_association(AssociationId=held, NetworkAclId=made)
    (own,) = ec2.describe_network_acls(Filters=here)["NetworkAcls"]
    assert own["NetworkAclId"] == made
    assert own["Entries"][0]["PortRange"] == {"From": 443, "To": 443}
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_network_acl(NetworkAclId=made)
    ec2.replace_network_acl_association(
        AssociationId=answer["NewAssociationId"], NetworkAclId=default["NetworkAclId"]
    )
    ec2.delete_network_acl(NetworkAclId=made)
