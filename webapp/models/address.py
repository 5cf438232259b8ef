"""An address: one Elastic IP. It outlives the network that uses it."""

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address

from sqlalchemy import BigInteger, Index, event
from sqlmodel import Field

from webapp.models.account import Account, InAccount, Site, its_account
from webapp.models.base import (
    Audited,
    UtcDateTime,
    Versioned,
    enum_text,
    its_account_id,
    new_id,
    utc_now,
)
from webapp.models.costs import monthly_usd
from webapp.models.texts import AWS_ID_MAX, ID_MAX, IP_MAX, REGION_MAX, TAG_MAX, ordered, sized

LABEL_PREFIX = "egret "


class AddressStatus(StrEnum):
    """*lost*: it was released outside Egret. AWS may still give it back."""

    ALLOCATING = "allocating"
    FREE = "free"
    IN_USE = "in_use"
    LOST = "lost"
    RELEASING = "releasing"


class Address(InAccount, Audited, Versioned, table=True):
    """The row is committed before the allocation, which is tagged with the row's id."""

    __table_args__ = (
        Index("ix_address_age", "created_at", "id"),
        Index("ix_address_status", "status", "created_at", "id"),
        Index("ix_address_region", "region", "created_at", "id"),
        Index("ix_address_region_status", "region", "status", "created_at", "id"),
        Index("ix_address_site", "account_id", "region", "id"),
        Index("ix_address_name", "name", "id"),
        Index("ix_address_public_ip", "public_ip", "id"),
    )

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    name: str = Field(
        sa_type=ordered(TAG_MAX),
        default="",
        description="What people call it; at first its network's name",
    )
    account_id: str | None = its_account_id()
    account: Account | None = its_account()
    region: str = Field(sa_type=sized(REGION_MAX))
    status: AddressStatus = Field(
        default=AddressStatus.ALLOCATING, sa_type=enum_text(AddressStatus)
    )
    allocation_id: str | None = Field(sa_type=sized(AWS_ID_MAX), default=None, unique=True)
    public_ip: str | None = Field(sa_type=ordered(IP_MAX), default=None)
    ip_number: int | None = Field(
        sa_type=BigInteger,
        default=None,
        index=True,
        description="`public_ip` as a number, by which ranges of keys are compared",
    )
    network_id: str | None = Field(
        sa_type=sized(ID_MAX), default=None, foreign_key="network.id", index=True
    )
    position: int | None = Field(
        default=None, description="Which NAT gateway of the network, from 0"
    )
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    @property
    def site(self) -> Site:
        return Site(self.account_id, self.region)

    @property
    def audit_name(self) -> str:
        return self.public_ip or ""

    @property
    def own_ip(self) -> str:
        """What may be whitelisted: empty before the allocation, and once the address is lost,
        because someone else may have it by now."""
        return (self.status is not AddressStatus.LOST and self.public_ip) or ""

    @property
    def page(self) -> str:
        return f"/addresses?from={self.id}#address-{self.id}"

    @property
    def label(self) -> str:
        """Its `Name` tag in AWS."""
        return f"{LABEL_PREFIX}{self.name or self.id}"

    @property
    def monthly_cost_usd(self) -> float:
        return monthly_cost_usd(self.status)


def monthly_cost_usd(status: AddressStatus) -> float:
    """What one of that status costs."""
    return monthly_usd(nat_gateways=0, addresses=int(status is not AddressStatus.LOST))


def number_of(ip: str | None) -> int | None:
    """An IPv4 address as a number; None without one."""
    return int(IPv4Address(ip)) if ip else None


def _keep_number(_mapper: object, _connection: object, address: Address) -> None:
    address.ip_number = number_of(address.public_ip)


event.listen(Address, "before_insert", _keep_number)
event.listen(Address, "before_update", _keep_number)
