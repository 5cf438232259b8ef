"""Drift detection of the embedded CloudFormation finds a resource that was deleted by hand."""

from tests.clouds import session_with
from tests.dashboard import wait_for
from tests.sandbox.credentials import put_switches
from tests.sandbox.lab import Lab, vpc
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox

TIMEOUT_S = 10.0


def test_a_deleted_resource_is_found_and_the_others_are_in_sync(lab: Lab) -> None:
    gateway = {"Gateway": {"Type": "AWS::EC2::InternetGateway"}}
    stack = lab.deployed(vpc() | gateway, {"Gateway": {"Ref": "Gateway"}})
    lab.clients.ec2(lab.region).delete_internet_gateway(InternetGatewayId=stack.outputs["Gateway"])
    client = lab.clients.cloudformation(lab.region)
    detection = client.detect_stack_drift(StackName=stack.id)["StackDriftDetectionId"]

    def is_detected() -> bool:
        found = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        return found["DetectionStatus"] == "DETECTION_COMPLETE"

    wait_for(is_detected, TIMEOUT_S)
    drifts = client.describe_stack_resource_drifts(StackName=stack.id)["StackResourceDrifts"]
    assert {d["LogicalResourceId"]: d["StackResourceDriftStatus"] for d in drifts} == {
        "Vpc": "IN_SYNC",
        "Gateway": "DELETED",
    }


def test_what_may_not_be_read_fails_the_detection(lab: Lab, sandbox: Sandbox) -> None:
    """The dashboard's user lacks a permission that the handler asks for when it reads."""
    stack = lab.settled(lab.stacks.create(lab.plan(vpc(), name="egret-drift"), token="drift"))
    lab.made.append(stack.id)
    user = sandbox.users.dashboard
    session = session_with(user.access_key_id, user.secret)
    client = Clients(sandbox.info.aws_endpoint, session).cloudformation(lab.region)
    put_switches(sandbox.info, [{"deny_actions": ["ec2:DescribeVpcEncryptionControls"]}])
    try:
        detection = client.detect_stack_drift(StackName=stack.id)["StackDriftDetectionId"]
        found = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    finally:
        put_switches(sandbox.info, [])
    assert found["DetectionStatus"] == "DETECTION_FAILED"
    assert "Vpc" in found["DetectionStatusReason"]
