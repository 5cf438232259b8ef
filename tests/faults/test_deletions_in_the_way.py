"""A deletion that AWS refuses because of what others put into the network's VPC."""

from typing import Any

from tests.faults import worker
from tests.faults.conftest import Bench
from webapp.sandbox.launcher import REGION
from webapp.services import networks


def test_a_deletion_that_fails_names_what_is_in_the_way_and_what_to_do(bench: Bench) -> None:
    bench.do("create")
    ec2: Any = bench.clients.ec2(REGION)
    subnet = bench.network.output_list("PrivateSubnetIds")[0]
    vpc = bench.network.outputs["VpcId"]
    interface = ec2.create_network_interface(SubnetId=subnet, Description="a bastion")
    interface_id = interface["NetworkInterface"]["NetworkInterfaceId"]
    owner = interface["NetworkInterface"]["OwnerId"]
    group = ec2.create_security_group(GroupName="theirs", Description="x", VpcId=vpc)["GroupId"]
    bench.do("delete")
    assert bench.status == "failed"
    assert f"network interface {interface_id} (“a bastion”, available, of account {owner})" in (
        bench.network.reason
    )
    assert f"security group {group} (“theirs”, of account {owner})" in bench.network.reason
    assert bench.network.remedy == (
        f"Delete the network interface {interface_id}. Delete the security group {group}. "
        "Then delete the network again."
    )
    ec2.delete_network_interface(NetworkInterfaceId=interface_id)
    ec2.delete_security_group(GroupId=group)
    networks.retry(bench.scope, worker.NAME)
    bench.drive()
    assert bench.world()["network"] is None
