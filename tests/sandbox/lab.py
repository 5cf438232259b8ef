"""Small stacks for contract tests, and how to wait for them."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.clouds import boto_session
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.adapter import Stacks
from webapp.aws.cloudformation.stacks import Event, Phase, Plan, Stack
from webapp.sandbox.launcher import Sandbox

TIMEOUT_S = 60.0
POLL_S = 0.05
ANYWHERE = "0.0.0.0/0"
ECHO = """
import os, urllib.request
def handler(event, context):
    url = (event or {}).get("url", "http://echo.sandbox:443/")
    request = urllib.request.Request(url, headers=(event or {}).get("headers", {}))
    with urllib.request.urlopen(request, timeout=2) as answer:
        return {"ip": answer.read().decode().strip()}
"""


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


@dataclass
class Lab:
    """One region of the embedded AWS; `clean_up` deletes what was created through it."""

    clients: Clients
    region: str
    made: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    @property
    def stacks(self) -> Stacks:
        return Stacks(self.clients)

    def allocate(self) -> str:
        answer = self.clients.ec2(self.region).allocate_address(Domain="vpc")
        self.addresses.append(answer["AllocationId"])
        return answer["AllocationId"]

    def address(self, allocation_id: str) -> str:
        ec2 = self.clients.ec2(self.region)
        found = ec2.describe_addresses(AllocationIds=[allocation_id])["Addresses"][0]
        return found["PublicIp"]

    def create(
        self, resources: dict[str, Any], *, outputs: dict[str, Any] | None = None, token: str = ""
    ) -> str:
        """Start the creation of a stack of `resources`; returns its ARN."""
        stack_id = self.stacks.create(
            self.plan(resources, outputs=outputs), token=token or unique("token")
        )
        self.made.append(stack_id)
        return stack_id

    def plan(
        self, resources: dict[str, Any], *, outputs: dict[str, Any] | None = None, name: str = ""
    ) -> Plan:
        values = {key: {"Value": value} for key, value in (outputs or {}).items()}
        body = json.dumps({"Resources": resources, "Outputs": values})
        return Plan(self.region, name or unique("lab"), body, {}, {})

    def deployed(self, resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> Stack:
        stack = self.settled(self.create(resources, outputs=outputs))
        assert stack.phase is Phase.DONE, self.failures(stack.id)
        return stack

    def settled(self, stack_id: str) -> Stack:
        until = time.monotonic() + TIMEOUT_S
        while True:
            stack = self.stacks.describe(self.region, stack_id)
            assert stack is not None
            if stack.phase is not Phase.BUSY:
                return stack
            assert time.monotonic() < until, f"{stack.name} is still {stack.status}"
            time.sleep(POLL_S)

    def deleted(self, stack_id: str) -> Stack:
        self.stacks.delete(self.region, stack_id, token=unique("delete"))
        time.sleep(POLL_S)
        return self.settled(stack_id)

    def failures(self, stack_id: str) -> list[Event]:
        events = self.stacks.events(self.region, stack_id)
        return [event for event in events if event.status.endswith("_FAILED")]

    def nat_gateway(self, nat_id: str) -> Any:
        found = self.clients.ec2(self.region).describe_nat_gateways(NatGatewayIds=[nat_id])
        return found["NatGateways"][0]

    def without_nat_gateway(self, nat_id: str) -> None:
        """Delete it, and wait until it is gone: a moment here, minutes on AWS."""
        self.clients.ec2(self.region).delete_nat_gateway(NatGatewayId=nat_id)
        until = time.monotonic() + TIMEOUT_S
        while self.nat_gateway(nat_id)["State"] != "deleted":
            assert time.monotonic() < until
            time.sleep(POLL_S)

    def clean_up(self) -> None:
        for stack_id in reversed(self.made):
            self.deleted(stack_id)
        for allocation_id in self.addresses:
            self.clients.ec2(self.region).release_address(AllocationId=allocation_id)


@contextmanager
def lab_of_dashboard(sandbox: Sandbox, region: str) -> Iterator[Lab]:
    """As the dashboard's user, with no more than its policies."""
    session = boto_session(user=sandbox.environment())
    made = Lab(Clients(sandbox.info.aws_endpoint, session), region)
    yield made
    made.clean_up()


def vpc(cidr: str = "10.50.0.0/16") -> dict[str, Any]:
    return {"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}}}


def with_internet() -> dict[str, Any]:
    """An internet gateway, attached to the VPC."""
    properties = {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}}
    return {
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Attachment": {"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": properties},
    }


def nat(allocation_id: str) -> dict[str, Any]:
    properties = {"SubnetId": {"Ref": "Public"}, "AllocationId": allocation_id}
    return {"Type": "AWS::EC2::NatGateway", "Properties": properties}


def egress(allocation_id: str) -> dict[str, Any]:
    """A VPC with one public and one private subnet and a NAT gateway, and a function in it."""
    return (
        vpc()
        | with_internet()
        | {
            "Public": subnet("10.50.0.0/24"),
            "PublicTable": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": ref("Vpc")}},
            "PublicRoute": {
                "Type": "AWS::EC2::Route",
                "DependsOn": "Attachment",
                "Properties": {
                    "RouteTableId": ref("PublicTable"),
                    "DestinationCidrBlock": ANYWHERE,
                    "GatewayId": ref("Gateway"),
                },
            },
            "PublicAssociation": association("Public", "PublicTable"),
            "Nat": nat(allocation_id) | {"DependsOn": ["PublicRoute", "PublicAssociation"]},
            "Private": subnet("10.50.1.0/24"),
            "PrivateTable": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": ref("Vpc")}},
            "PrivateRoute": {
                "Type": "AWS::EC2::Route",
                "Properties": {
                    "RouteTableId": ref("PrivateTable"),
                    "DestinationCidrBlock": ANYWHERE,
                    "NatGatewayId": ref("Nat"),
                },
            },
            "PrivateAssociation": association("Private", "PrivateTable"),
            "Group": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {
                    "GroupDescription": "out",
                    "VpcId": ref("Vpc"),
                    "SecurityGroupEgress": [
                        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": ANYWHERE}
                    ],
                },
            },
            "Role": role(),
            "Function": function("Private"),
        }
    )


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def subnet(cidr: str) -> dict[str, Any]:
    properties = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": cidr}
    return {"Type": "AWS::EC2::Subnet", "Properties": properties}


def association(subnet_name: str, table: str) -> dict[str, Any]:
    properties = {"SubnetId": {"Ref": subnet_name}, "RouteTableId": {"Ref": table}}
    return {"Type": "AWS::EC2::SubnetRouteTableAssociation", "Properties": properties}


def role(statements: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A function's role, which may do what the statements say."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    properties: dict[str, Any] = {"AssumeRolePolicyDocument": _document([trust])}
    if statements:
        policy = {"PolicyName": "own", "PolicyDocument": _document(statements)}
        properties["Policies"] = [policy]
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def function(subnet_name: str = "", code: str = ECHO) -> dict[str, Any]:
    """Outside any VPC, unless a subnet is named."""
    properties = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Timeout": 10,
        "Code": {"ZipFile": code},
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    }
    if subnet_name:
        properties["VpcConfig"] = {
            "SubnetIds": [{"Ref": subnet_name}],
            "SecurityGroupIds": [{"Ref": "Group"}],
        }
    return {"Type": "AWS::Lambda::Function", "Properties": properties}
