"""A network: the VPC with its subnets, routes and NAT gateways, one CloudFormation stack."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from webapp.models.base import Status, UtcDateTime, enum_column, new_id, utc_now
from webapp.models.costs import monthly_usd

MAX_ZONES = 3


class Nat(StrEnum):
    """One NAT gateway for all zones, or one in each."""

    SINGLE = "single"
    PER_AZ = "per_az"


class Network(SQLModel, table=True):
    """A cache of the stack's state; `operation_id` is the stack operation's ClientRequestToken."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    region: str
    cidr: str
    availability_zones: int
    nat: Nat = Field(sa_column=enum_column(Nat))
    status: Status = Field(default=Status.REQUESTED, sa_column=enum_column(Status))
    reason: str = ""
    remedy: str = ""
    operation_id: str = Field(default_factory=new_id)
    stack_id: str | None = None
    outputs: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    @property
    def nat_gateways(self) -> int:
        """How many it has when it is not parked; each has one address."""
        return self.availability_zones if self.nat is Nat.PER_AZ else 1

    @property
    def monthly_cost_usd(self) -> float:
        running = 0 if self.status is Status.PARKED else self.nat_gateways
        return monthly_usd(nat_gateways=running, addresses=self.nat_gateways)
