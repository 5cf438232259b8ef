"""A network: the VPC with its subnets, routes and NAT gateways, one CloudFormation stack."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from webapp.models.base import EnumText, StackRow, Status
from webapp.models.costs import monthly_usd
from webapp.models.hours import Hours

MAX_ZONES = 3
NAT_GATEWAY_IDS = "NatGatewayIds"
"""The output of the stack that a parked network has not."""


class Nat(StrEnum):
    """One NAT gateway for all zones, or one in each."""

    SINGLE = "single"
    PER_AZ = "per_az"


class NatText(EnumText):
    cache_ok = True
    kind = Nat


@dataclass(frozen=True)
class Shape:
    """How many zones a network spans, and where its NAT gateways are."""

    availability_zones: int
    nat: Nat

    @property
    def nat_gateways(self) -> int:
        """How many there are while it is not parked; each has one address."""
        return self.availability_zones if self.nat is Nat.PER_AZ else 1


class Network(StackRow, table=True):
    region: str
    cidr: str
    availability_zones: int = Field(description="How many zones it spans, 1 to 3")
    nat: Nat = Field(sa_type=NatText)
    environment: str = ""
    protected: bool = Field(default=False, description="Termination protection is on")
    change: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="A proposed shape, and what it changes"
    )
    hours: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="Weekly hours, outside which it is parked"
    )
    hours_include_now: bool | None = Field(
        default=None, description="What the hours said when they were looked at last"
    )
    link: str | None = Field(
        default=None, unique=True, description="Secret part of its whitelist's public URL"
    )
    idle_hours: int = Field(default=0, description="Parked after so many without a call; 0: never")

    @property
    def shape(self) -> Shape:
        return Shape(self.availability_zones, self.nat)

    @property
    def weekly_hours(self) -> Hours | None:
        return Hours(**self.hours | {"days": tuple(self.hours["days"])}) if self.hours else None

    @property
    def wanted(self) -> Shape | None:
        """The shape that was proposed and is not there yet."""
        if not self.change:
            return None
        return Shape(self.change["availability_zones"], Nat(self.change["nat"]))

    @property
    def nat_gateways(self) -> int:
        return self.shape.nat_gateways

    def zone_of(self, position: int | None) -> str | None:
        """Where the NAT gateway at that position is, from 0; None before it is made."""
        zones = self.output_list("AvailabilityZones")[: self.nat_gateways]
        return zones[position] if position is not None and position < len(zones) else None

    @property
    def monthly_cost_usd(self) -> float:
        """Addresses that wait for a proposed change cost already."""
        never_made = self.status is Status.FAILED and not self.outputs
        running = 0 if self.status is Status.PARKED or never_made else self.nat_gateways
        if self.unwanted:
            running = len(self.output_list(NAT_GATEWAY_IDS))
        addresses = (self.wanted or self.shape).nat_gateways
        return monthly_usd(nat_gateways=running, addresses=addresses)
