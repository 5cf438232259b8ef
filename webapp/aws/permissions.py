"""Permissions, checked beforehand: EC2's DryRun tells whether a call would be allowed.

CloudFormation, IAM and Lambda have no dry run. Calls that create something inside a VPC need an
existing VPC and subnet, so any of the region is named; nothing is made in it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.errors import DENIED, aws_errors, code_of, message_of
from webapp.aws.tags import MANAGED_TAG, tag_list
from webapp.aws.vpcs import AvailabilityZone

WOULD_WORK = "DryRunOperation"
"""A dry run always fails; with this code it would have succeeded."""
ANY_RANGE = "10.0.0.0/16"
NAME = "egret-dry-run"
RESOURCE_TYPES = {
    "ec2:AllocateAddress": "elastic-ip",
    "ec2:CreateVpc": "vpc",
    "ec2:CreateInternetGateway": "internet-gateway",
    "ec2:CreateSubnet": "subnet",
    "ec2:CreateRouteTable": "route-table",
    "ec2:CreateSecurityGroup": "security-group",
    "ec2:CreateNatGateway": "natgateway",
}
"""What each action's tags are for, by EC2's names."""


@dataclass(frozen=True)
class Permission:
    """`allowed` is None when AWS's answer does not tell; then `answer` is what it said."""

    action: str
    allowed: bool | None
    answer: str = ""


class Permissions:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def dry_run(self, region: str, *, tags: dict[str, str] | None = None) -> list[Permission]:
        """The EC2 actions that creating a network needs, each with AWS's answer.

        `tags` are sent along: an organization may refuse what comes without them.
        """
        with aws_errors("checking the permissions", region):
            calls = _tagged(self._calls(region), {MANAGED_TAG: "true"} | (tags or {}))
            with self._clients.threads() as pool:
                return list(pool.map(_ask, calls, calls.values()))

    def _calls(self, region: str) -> dict[str, Callable[..., Any]]:
        """By action. Each call takes `DryRun`."""
        ec2 = self._clients.ec2(region)
        calls: dict[str, Callable[..., Any]] = {
            "ec2:AllocateAddress": partial(ec2.allocate_address, Domain="vpc"),
            "ec2:CreateVpc": partial(ec2.create_vpc, CidrBlock=ANY_RANGE),
            "ec2:CreateInternetGateway": ec2.create_internet_gateway,
        }
        own = self._own_subnet(region)
        return calls | (_calls_in_vpc(ec2, own) if own else {})

    def _own_subnet(self, region: str) -> Any:
        """Any subnet of the account itself that may have a NAT gateway; None when there is none.

        Whatever the policy says, AWS refuses these calls in one that another account shares, that
        is in a Local Zone, on an Outpost or in a zone without NAT gateways, or that has only IPv6.
        """
        account = self._clients.account_id(region)
        pages = self._clients.ec2(region).get_paginator("describe_subnets").paginate()
        subnets = (subnet for page in pages for subnet in page["Subnets"])
        own = (s for s in subnets if s.get("OwnerId", account) == account)
        return next((subnet for subnet in own if _is_usual(region, subnet)), None)


def _is_usual(region: str, subnet: Any) -> bool:
    """Whether it has an IPv4 range, in one of the region's own zones that has NAT gateways."""
    zone = AvailabilityZone(
        subnet.get("AvailabilityZone", region), subnet.get("AvailabilityZoneId", "")
    )
    in_region = re.fullmatch(rf"{region}[a-z]?", zone.name)
    on_premises = subnet.get("OutpostArn")
    return bool(subnet.get("CidrBlock") and in_region and zone.usable and not on_premises)


def _calls_in_vpc(ec2: Any, subnet: Any) -> dict[str, Callable[..., Any]]:
    vpc_id, subnet_id = subnet["VpcId"], subnet["SubnetId"]
    return {
        "ec2:CreateSubnet": partial(ec2.create_subnet, CidrBlock=subnet["CidrBlock"], VpcId=vpc_id),
        "ec2:CreateRouteTable": partial(ec2.create_route_table, VpcId=vpc_id),
        "ec2:CreateSecurityGroup": partial(
            ec2.create_security_group, GroupName=NAME, Description=NAME, VpcId=vpc_id
        ),
        # Of the private kind, because the public one would need an address.
        "ec2:CreateNatGateway": partial(
            ec2.create_nat_gateway, SubnetId=subnet_id, ConnectivityType="private"
        ),
    }


def _tagged(
    calls: dict[str, Callable[..., Any]], tags: dict[str, str]
) -> dict[str, Callable[..., Any]]:
    return {
        action: partial(
            call,
            TagSpecifications=[{"ResourceType": RESOURCE_TYPES[action], "Tags": tag_list(tags)}],
        )
        for action, call in calls.items()
    }


def _ask(action: str, call: Callable[..., Any]) -> Permission:
    try:
        call(DryRun=True)
    except ClientError as error:
        code = code_of(error)
        if code == WOULD_WORK:
            return Permission(action, allowed=True)
        return Permission(action, False if code in DENIED else None, f"{code}: {message_of(error)}")
    return Permission(action, allowed=None, answer="AWS ignored DryRun.")
