"""VPC Block Public Access: an account's switch, per region, that closes all internet gateways.

With *block-bidirectional* nothing gets out of a VPC, unless the VPC, or the subnet of the NAT
gateway, is excluded. With *block-ingress* NAT gateways still get out. (VPC user guide, "Block
public access to VPCs and subnets".)
"""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.errors import NOT_OFFERED, PERMISSION_MISSING, aws_errors, code_of

CLOSED = "block-bidirectional"
IN_FORCE = ("create-complete", "update-in-progress", "update-complete", "update-failed")
"""The states of an exclusion that holds."""
MAY_NOT_READ = (
    "Egret may not read it: allow ec2:DescribeVpcBlockPublicAccessOptions and "
    "ec2:DescribeVpcBlockPublicAccessExclusions."
)
INGRESS_ONLY = (
    "set VPC Block Public Access to ingress-only in the settings of the VPC console, which lets "
    "NAT gateways out"
)


@dataclass(frozen=True)
class BlockMode:
    """`mode` is AWS's: off, block-ingress, block-bidirectional; '' when we may not read it."""

    mode: str
    by_policy: bool = False
    exclusions_allowed: bool = True
    excluded: frozenset[str] = frozenset()

    @property
    def readable(self) -> bool:
        return bool(self.mode)

    def closes(self, *ids: str) -> bool:
        """Whether nothing gets out, although these, a VPC or a subnet, may be excluded."""
        return self.mode == CLOSED and not self.excluded & set(ids)

    def repair(self, vpc: str) -> str:
        """What to do so that the VPC, an id or a description, gets out."""
        exclude = f"create an egress-only exclusion for {vpc}"
        if not self.exclusions_allowed:
            steps = INGRESS_ONLY
        elif self.by_policy:
            steps = exclude
        else:
            steps = f"{exclude}, or {INGRESS_ONLY}"
        if self.by_policy and not self.exclusions_allowed:
            return f"A policy of your organization set it: ask those who manage it to {steps}."
        return f"{steps[0].upper()}{steps[1:]}."


class PublicAccess:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def read(self, region: str) -> BlockMode:
        with aws_errors("reading VPC Block Public Access", region):
            return block_mode(self._clients.ec2(region))


def block_mode(ec2: Any) -> BlockMode:
    """The region's mode; with its exclusions only where they matter. Raises ClientError."""
    try:
        found = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
        mode = found.get("InternetGatewayBlockMode") or "off"
        excluded = _excluded(ec2) if mode == CLOSED else frozenset()
    except ClientError as error:
        if code_of(error) in NOT_OFFERED:
            return BlockMode("off")
        if code_of(error) in PERMISSION_MISSING:
            return BlockMode("")
        raise
    return BlockMode(
        mode,
        by_policy=found.get("ManagedBy") == "declarative-policy",
        exclusions_allowed=found.get("ExclusionsAllowed") != "not-allowed",
        excluded=excluded,
    )


def _excluded(ec2: Any) -> frozenset[str]:
    """The ids of VPCs and subnets that are excluded, from the ends of their ARNs."""
    ids: set[str] = set()
    arguments: dict[str, str] = {}
    while True:
        page = ec2.describe_vpc_block_public_access_exclusions(**arguments)
        for exclusion in page.get("VpcBlockPublicAccessExclusions", []):
            if exclusion.get("State") in IN_FORCE:
                ids.add(exclusion["ResourceArn"].rpartition("/")[2])
        if not page.get("NextToken"):
            return frozenset(ids)
        arguments = {"NextToken": page["NextToken"]}
