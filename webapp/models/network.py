"""A network: the VPC with its subnets, routes and NAT gateways, one CloudFormation stack."""

from enum import StrEnum

from sqlmodel import Field

from webapp.models.base import EnumText, StackRow, Status
from webapp.models.costs import monthly_usd

MAX_ZONES = 3


class Nat(StrEnum):
    """One NAT gateway for all zones, or one in each."""

    SINGLE = "single"
    PER_AZ = "per_az"


class NatText(EnumText):
    cache_ok = True
    kind = Nat


class Network(StackRow, table=True):
    region: str
    cidr: str
    availability_zones: int = Field(description="How many zones it spans, 1 to 3")
    nat: Nat = Field(sa_type=NatText)

    @property
    def nat_gateways(self) -> int:
        """How many it has when it is not parked; each has one address."""
        return self.availability_zones if self.nat is Nat.PER_AZ else 1

    @property
    def monthly_cost_usd(self) -> float:
        never_made = self.status is Status.FAILED and not self.outputs
        running = 0 if self.status is Status.PARKED or never_made else self.nat_gateways
        return monthly_usd(nat_gateways=running, addresses=self.nat_gateways)
