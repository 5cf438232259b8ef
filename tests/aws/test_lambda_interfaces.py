"""Lambda's network interfaces: those left behind are deleted, those in use are waited for."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.clients import Clients
from webapp.aws.lambda_interfaces import Held, LambdaInterfaces, function_names

REGION = "us-east-1"
NOTHING = Held()
UUID = "1b2c3d4e-0a1b-2c3d-4e5f-0123456789ab"


@pytest.fixture
def ec2(clients: Clients) -> Any:
    return clients.ec2(REGION)


@pytest.fixture
def subnet(ec2: Any) -> Iterator[Any]:
    """The subnet of a VPC of the test's own; whatever is in it goes at the end."""
    vpc = ec2.create_vpc(CidrBlock="10.92.0.0/24")["Vpc"]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.92.0.0/24")["Subnet"]
    yield made
    for interface in interfaces(ec2, vpc):
        if interface["Status"] == "in-use":
            ec2.detach_network_interface(AttachmentId=interface["Attachment"]["AttachmentId"])
        ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    ec2.delete_subnet(SubnetId=made["SubnetId"])
    ec2.delete_vpc(VpcId=vpc)


def interfaces(ec2: Any, vpc: str) -> Any:
    here = [{"Name": "vpc-id", "Values": [vpc]}]
    return ec2.describe_network_interfaces(Filters=here)["NetworkInterfaces"]


def interface(ec2: Any, subnet: Any, description: str, *, in_use: bool = False) -> str:
    made = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Description=description)
    interface_id: str = made["NetworkInterface"]["NetworkInterfaceId"]
    if in_use:
        ec2.attach_network_interface(
            NetworkInterfaceId=interface_id, InstanceId="ela-1", DeviceIndex=1
        )
    return interface_id


def test_only_those_in_use_are_held_and_those_left_behind_are_deleted(
    clients: Clients, ec2: Any, subnet: Any
) -> None:
    interface(ec2, subnet, f"AWS Lambda VPC ENI-egret-function-gone-{UUID}")
    held = interface(ec2, subnet, f"AWS Lambda VPC ENI-egret-function-held-{UUID}", in_use=True)
    foreign = interface(ec2, subnet, "somebody else's")
    assert LambdaInterfaces(clients).release(REGION, subnet["VpcId"]) == Held((held,))
    left = {i["NetworkInterfaceId"] for i in interfaces(ec2, subnet["VpcId"])}
    assert left == {held, foreign}


@pytest.mark.parametrize("code", ["", "AccessDeniedException"])
def test_one_whose_function_exists_or_may_not_be_asked_about_is_kept(
    offline: Clients, code: str
) -> None:
    detached = {
        "NetworkInterfaceId": "eni-1",
        "Status": "available",
        "Description": f"AWS Lambda VPC ENI-theirs-{UUID}",
    }
    awslambda = offline.awslambda(REGION)
    with Stubber(offline.ec2(REGION)) as stub, Stubber(awslambda) as functions:
        stub.add_response("describe_network_interfaces", {"NetworkInterfaces": [detached]})
        asked = "get_function_configuration"
        if code:
            functions.add_client_error(asked, code)
        else:
            functions.add_response(asked, {}, {"FunctionName": "theirs"})
        assert LambdaInterfaces(offline).release(REGION, "vpc-1") == NOTHING
        functions.assert_no_pending_responses()


@pytest.mark.parametrize("status", ["in-use", "attaching", "detaching"])
def test_those_of_a_function_that_exists_are_told_apart_from_those_that_lambda_releases(
    status: str,
) -> None:
    aws = ScriptedAws()
    named = {
        "eni-1": "theirs",
        "eni-2": "theirs",
        "eni-3": "gone",
        "eni-4": "secret",
        "eni-5": "egret-network-net-probe-1",
    }
    answers = {"theirs": {}, "gone": refusal("ResourceNotFoundException")}
    aws.answers |= {
        "DescribeNetworkInterfaces": {
            "NetworkInterfaces": [
                {"NetworkInterfaceId": id, "Status": status}
                | {"Description": f"AWS Lambda VPC ENI-{name}-{UUID}"}
                for id, name in named.items()
            ]
        },
        "GetFunctionConfiguration": lambda asked: answers.get(
            asked["FunctionName"], refusal("AccessDeniedException")
        ),
    }
    found = LambdaInterfaces(aws.clients).release(REGION, "vpc-1", own="egret-network-net-")
    assert found == Held(("eni-3", "eni-4", "eni-5"), ("theirs",), ("secret",))
    assert len(aws.calls("GetFunctionConfiguration")) == 3, "each is asked about once"


@pytest.mark.parametrize("code", ["InvalidNetworkInterfaceID.NotFound", "InvalidParameterValue"])
def test_one_that_is_gone_or_attached_meanwhile_is_no_error(offline: Clients, code: str) -> None:
    found = {
        "NetworkInterfaceId": "eni-1",
        "Status": "available",
        "Description": f"AWS Lambda VPC ENI-gone-{UUID}",
    }
    with (
        Stubber(offline.ec2(REGION)) as stub,
        Stubber(offline.awslambda(REGION)) as functions,
    ):
        stub.add_response("describe_network_interfaces", {"NetworkInterfaces": [found]})
        functions.add_client_error("get_function_configuration", "ResourceNotFoundException")
        stub.add_client_error("delete_network_interface", code)
        assert LambdaInterfaces(offline).release(REGION, "vpc-1") == NOTHING
        stub.assert_no_pending_responses()


def test_a_network_without_a_vpc_has_no_interfaces_and_aws_is_not_asked(offline: Clients) -> None:
    assert LambdaInterfaces(offline).release(REGION, "") == NOTHING


@pytest.mark.parametrize(
    ("description", "names"),
    [
        (f"AWS Lambda VPC ENI-egret-function-a-1-{UUID}", ["egret-function-a-1"]),
        ("AWS Lambda VPC ENI-probe-0a1b", ["probe", "probe-0a1b"]),
        ("AWS Lambda VPC ENI-probe", ["probe"]),
        ("AWS Lambda VPC ENI: 0a1b", []),
        ("somebody else's", []),
    ],
)
def test_the_function_is_read_from_the_description(description: str, names: list[str]) -> None:
    assert function_names(description) == names
