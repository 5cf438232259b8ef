"""Drift detection of the embedded CloudFormation finds a resource that was deleted by hand."""

from tests.dashboard import wait_for
from tests.sandbox.lab import Lab, vpc

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
