"""A network: the VPC with its subnets, routes and NAT gateways, one CloudFormation stack."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Strict, field_validator, model_validator
from sqlalchemy import JSON, BigInteger, Index, event
from sqlmodel import Field

from webapp.models.account import Account, InAccount, Site, its_account
from webapp.models.base import (
    HAS_REASON,
    Input,
    StackRow,
    Status,
    WithOutputs,
    enum_text,
    index_where,
    look_at_changed,
    no_items,
)
from webapp.models.costs import monthly_usd
from webapp.models.rules import Cidr, Environment, Name, Region, ZoneCount, ZoneNames
from webapp.models.schedule import WeeklyHours
from webapp.models.tags import parse_tags
from webapp.models.texts import (
    CIDR_MAX,
    ENVIRONMENT_MAX,
    ID_MAX,
    REGION_MAX,
    IdText,
    NameText,
    TagText,
    sized,
)

NAT_GATEWAY_IDS = "NatGatewayIds"
"""Missing from the stack outputs of a parked network."""
UNDELETED_NAT_GATEWAY_IDS = "UndeletedNatGatewayIds"
"""Kept with the outputs: what neither CloudFormation nor Egret could delete after an update."""


class Nat(StrEnum):
    """One NAT gateway for all zones, or one in each zone."""

    SINGLE = "single"
    PER_AZ = "per_az"


@dataclass(frozen=True)
class Shape:
    """How many zones a network spans, and which of them have a NAT gateway."""

    availability_zones: int
    nat: Nat

    @property
    def nat_gateways(self) -> int:
        """How many there are unless it is parked. Each has one address."""
        return self.availability_zones if self.nat is Nat.PER_AZ else 1


class NewNetwork(Input):
    """A network to create. An empty `cidr` picks a free range; `addresses` are ids of free ones.
    `account` is the name of the account that it is to be in; empty for the own.

    Everything made for it gets the `tags`. `zones` are names of availability zones, in the order of
    their NAT gateways, and `availability_zones` is then their number; without any, the region's
    first ones are taken.
    """

    name: Name
    region: Region
    cidr: Cidr = ""
    availability_zones: ZoneCount = 2
    nat: Annotated[Nat, Strict(False)] = Nat.SINGLE
    addresses: list[IdText] = Field(default_factory=list)
    environment: Environment = ""
    zones: ZoneNames = Field(default_factory=list)
    tags: dict[TagText, TagText] = Field(default_factory=dict)
    account: NameText = ""

    @field_validator("tags", mode="before")
    @classmethod
    def _parse_tags(cls, tags: object) -> object:
        """A form sends them as text."""
        return parse_tags(tags) if isinstance(tags, str) else tags

    @model_validator(mode="before")
    @classmethod
    def _count_zones(cls, sent: Any) -> Any:
        if isinstance(sent, dict) and isinstance(sent.get("zones"), list) and sent["zones"]:
            return {"availability_zones": len(sent["zones"])} | sent
        return sent

    @property
    def shape(self) -> Shape:
        return Shape(self.availability_zones, self.nat)


class NewChange(Input):
    """The shape that a network is to get; a field that is not sent stays as it is.

    `zones` are names of the availability zones to add; without any, others of the region are taken.
    """

    availability_zones: ZoneCount | None = None
    nat: Annotated[Nat, Strict(False)] | None = None
    zones: ZoneNames = Field(default_factory=list)


class NetworkFacts(WithOutputs):
    """What a network's cost and health are told by: of its row, or of some columns of it."""

    if TYPE_CHECKING:
        status: Status
        reason: str
        unwanted: bool
        availability_zones: int
        nat: Nat
        change: dict[str, Any]

    @property
    def shape(self) -> Shape:
        return Shape(self.availability_zones, self.nat)

    @property
    def changed_shape(self) -> Shape | None:
        """The shape that the pending change leads to; None without one."""
        if not self.change:
            return None
        return Shape(self.change["availability_zones"], Nat(self.change["nat"]))

    @property
    def nat_gateways(self) -> int:
        return self.shape.nat_gateways

    @property
    def was_created(self) -> bool:
        """Whether its stack was once complete; what a failed creation left does not count."""
        return bool(self.outputs.keys() - {UNDELETED_NAT_GATEWAY_IDS})

    @property
    def undeleted_nat_gateways(self) -> list[str]:
        """Ids of those that an update, or the rollback of a creation, could not delete: they are
        billed, and hold addresses."""
        return self.output_list(UNDELETED_NAT_GATEWAY_IDS)

    @property
    def monthly_cost_usd(self) -> float:
        """At list prices. The addresses of a pending change are already billed."""
        has_none = self.status is Status.PARKED or (
            self.status is Status.FAILED and not self.was_created
        )
        running = 0 if has_none else self.nat_gateways
        if self.unwanted:
            running = len(self.output_list(NAT_GATEWAY_IDS))
        if self.status is not Status.CREATING:  # what was left is deleted before that
            running += len(self.undeleted_nat_gateways)
        addresses = (self.changed_shape or self.shape).nat_gateways
        return monthly_usd(nat_gateways=running, addresses=addresses)


class Network(InAccount, NetworkFacts, StackRow, table=True):
    __table_args__ = (
        Index("ix_network_status", "status", "name"),
        Index("ix_network_region", "region", "name"),
        Index("ix_network_region_status", "region", "status", "name"),
        Index("ix_network_account", "account_id", "name"),
        Index("ix_network_site", "account_id", "region", "name"),
        Index("ix_network_look_at", "account_id", "region", "look_at"),
        Index("ix_network_range", "account_id", "region", "range_start"),
        index_where("ix_network_told", "name", where=HAS_REASON),
    )

    account: Account | None = its_account()
    region: str = Field(sa_type=sized(REGION_MAX))
    cidr: str = Field(sa_type=sized(CIDR_MAX))
    range_start: int | None = Field(
        sa_type=BigInteger,
        default=None,
        description="The first address of `cidr` as a number, by which free ranges are found",
    )
    availability_zones: int = Field(description="How many zones it spans, 1 to 3")
    nat: Nat = Field(sa_type=enum_text(Nat))
    zones: list[str] = Field(
        default_factory=no_items, sa_type=JSON, description="Its zones, chosen before it exists"
    )
    environment: str = Field(default="", sa_type=sized(ENVIRONMENT_MAX))
    tags: dict[str, str] = Field(
        default_factory=dict, sa_type=JSON, description="Tags of everything made for it in AWS"
    )
    protected: bool = Field(default=False, description="Termination protection is on")
    change: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="The pending change: its shape and preview"
    )
    hours: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="Weekly hours; it is parked outside them"
    )
    hours_include_now: bool | None = Field(
        default=None, description="Whether the last check was inside the hours"
    )
    link: str | None = Field(
        sa_type=sized(ID_MAX),
        default=None,
        unique=True,
        description="Secret part of its whitelist's public link",
    )
    idle_hours: int = Field(default=0, description="Parked after so many idle hours; 0: never")

    @property
    def site(self) -> Site:
        return Site(self.account_id, self.region)

    @property
    def weekly_hours(self) -> WeeklyHours | None:
        return WeeklyHours.model_validate(self.hours) if self.hours else None

    @property
    def planned_zones(self) -> list[str]:
        """Its zones, also while it is created; [] for one whose stack an older version began."""
        return self.output_list("AvailabilityZones") or self.zones

    @property
    def changed_zones(self) -> list[str]:
        """The zones that the pending change leads to."""
        changed: list[str] = self.change.get("zones", [])
        return changed or self.planned_zones

    @property
    def nat_zones(self) -> list[str]:
        """The zones that have, or get, a NAT gateway, with those of a pending change."""
        return self.changed_zones[: (self.changed_shape or self.shape).nat_gateways]

    def zone_of(self, position: int | None) -> str | None:
        """The zone of the NAT gateway at `position`, from 0; None until it exists."""
        zones = self.output_list("AvailabilityZones")[: self.nat_gateways]
        return zones[position] if position is not None and position < len(zones) else None


event.listen(Network, "before_update", look_at_changed)


def _keep_range(_mapper: object, _connection: object, network: Network) -> None:
    network.range_start = int(ip_network(network.cidr, strict=False).network_address)


event.listen(Network, "before_insert", _keep_range)
