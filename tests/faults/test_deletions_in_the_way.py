"""A deletion that AWS refuses because of what Lambda or others have in the network's VPC."""

from datetime import timedelta
from typing import Any

from tests.faults import worker
from tests.faults.conftest import PREFIX, Bench
from webapp.aws.lambda_interfaces import TYPICAL
from webapp.models import utc_now
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


def test_lambdas_interfaces_are_waited_for_and_no_error(bench: Bench) -> None:
    """45 minutes, which are virtual: the row's start is moved back."""
    bench.do("create")
    ec2: Any = bench.clients.ec2(REGION)
    made = ec2.create_network_interface(
        SubnetId=bench.network.output_list("PrivateSubnetIds")[0],
        Description=f"AWS Lambda VPC ENI-{PREFIX}-network-swept-probe-1-0a1b",
        Groups=[bench.network.outputs["SecurityGroupId"]],
    )["NetworkInterface"]["NetworkInterfaceId"]
    attached = ec2.attach_network_interface(
        NetworkInterfaceId=made, InstanceId="ela-swept", DeviceIndex=1
    )
    worker.OPERATIONS["delete"](bench.scope)
    for minutes in (0, 15, 30, 44):
        bench.network.started_at = utc_now() - timedelta(minutes=minutes)
        bench.session.commit()
        bench.steps(8)
        assert bench.status == "deleting", bench.network.reason
        assert made in bench.network.reason
        assert TYPICAL in bench.network.remedy
    held = bench.allocations()
    ec2.detach_network_interface(AttachmentId=attached["AttachmentId"])
    bench.drive()
    assert bench.world()["network"] is None, "Lambda left it behind: Egret deletes it"
    assert bench.allocations() == held
