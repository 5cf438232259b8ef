"""CloudFormation's resources as on AWS, where ministack does them differently."""

import json
from typing import Any

from tests.sandbox.credentials import iam_of
from tests.sandbox.lab import Lab, egress, role
from webapp.sandbox.launcher import Sandbox


def test_a_tags_only_update_keeps_the_nat_gateway(lab: Lab) -> None:
    resources = egress(lab.allocate())
    stack = lab.deployed(resources, {"Nat": {"Ref": "Nat"}})
    resources["Nat"]["Properties"]["Tags"] = [{"Key": "Name", "Value": "renamed"}]
    body = json.dumps({"Resources": resources, "Outputs": {"Nat": {"Value": {"Ref": "Nat"}}}})
    client = lab.clients.cloudformation(lab.region)
    client.update_stack(StackName=stack.name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    updated = lab.settled(stack.id)
    assert updated.status == "UPDATE_COMPLETE"
    assert updated.outputs["Nat"] == stack.outputs["Nat"]


def test_a_tags_only_update_keeps_the_address_of_a_stack(lab: Lab) -> None:
    resources: dict[str, Any] = {"Ip": {"Type": "AWS::EC2::EIP", "Properties": {}}}
    outputs: dict[str, Any] = {"Ip": {"Ref": "Ip"}}
    stack = lab.deployed(resources, outputs)
    resources["Ip"]["Properties"]["Tags"] = [{"Key": "Name", "Value": "renamed"}]
    body = json.dumps({"Resources": resources, "Outputs": {"Ip": {"Value": outputs["Ip"]}}})
    lab.clients.cloudformation(lab.region).update_stack(StackName=stack.name, TemplateBody=body)
    assert lab.settled(stack.id).outputs["Ip"] == stack.outputs["Ip"]
    named: Any = [{"Name": "tag:Name", "Values": ["renamed"]}]
    found = lab.clients.ec2(lab.region).describe_addresses(Filters=named)["Addresses"]
    assert [address["PublicIp"] for address in found] == [stack.outputs["Ip"]]


def test_a_reference_to_a_secret_is_its_arn(lab: Lab) -> None:
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "x"}}
    stack = lab.deployed({"Secret": secret}, {"Ref": {"Ref": "Secret"}})
    assert stack.outputs["Ref"].startswith("arn:aws:secretsmanager:")
    client = lab.clients.secretsmanager(lab.region)
    assert client.describe_secret(SecretId=stack.outputs["Ref"])["ARN"] == stack.outputs["Ref"]


def test_a_function_without_its_role_is_refused(lab: Lab) -> None:
    resources = egress(lab.allocate())
    resources["Function"]["Properties"]["Role"] = "arn:aws:iam::210987654321:role/missing"
    stack = lab.settled(lab.create(resources))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "cannot be assumed" in lab.failures(stack.id)[0].reason


def test_a_role_keeps_its_boundary(lab: Lab, sandbox: Sandbox) -> None:
    boundary = sandbox.users.place.boundary_arn
    made = role()
    made["Properties"] |= {"PermissionsBoundary": boundary}
    stack = lab.deployed({"Role": made}, {"Name": {"Ref": "Role"}})
    found = iam_of(sandbox.info).get_role(RoleName=stack.outputs["Name"])["Role"]
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary


def test_a_function_keeps_its_vpc(lab: Lab) -> None:
    outputs = {"Name": {"Ref": "Function"}, "Vpc": {"Ref": "Vpc"}, "Subnet": {"Ref": "Private"}}
    stack = lab.deployed(egress(lab.allocate()), outputs)
    awslambda = lab.clients.awslambda(lab.region)
    found = awslambda.get_function_configuration(FunctionName=stack.outputs["Name"])["VpcConfig"]
    assert found["VpcId"] == stack.outputs["Vpc"]
    assert found["SubnetIds"] == [stack.outputs["Subnet"]]
