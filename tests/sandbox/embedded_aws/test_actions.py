"""How an action of the embedded EC2 is refused, as EC2 does it."""

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import Lab, code_of


def test_a_dry_run_changes_nothing(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    before = len(ec2.describe_addresses()["Addresses"])
    with pytest.raises(ClientError) as error:
        ec2.allocate_address(Domain="vpc", DryRun=True)
    assert code_of(error) == "DryRunOperation"
    assert len(ec2.describe_addresses()["Addresses"]) == before
