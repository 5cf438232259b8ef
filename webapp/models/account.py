"""An account: an AWS account whose role Egret assumes, beside the dashboard's own, which has no
row. What belongs to an account has its id; what belongs to the own one has none."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Index, and_
from sqlmodel import Field, Relationship, SQLModel, col

from webapp.models.base import Audited, Input, UtcDateTime, enum_text, new_id, utc_now
from webapp.models.rules import AccountNumber, Name
from webapp.models.texts import AWS_ID_MAX, ID_MAX, NAME_MAX, AwsIdText, ordered, sized

OWN = "own"
"""How the dashboard's own account is called."""


class AccountStatus(StrEnum):
    """*pending*: nothing can be created in it until its role was tried and found good."""

    PENDING = "pending"
    CONNECTED = "connected"


class NewAccount(Input):
    """An account to add: what Egret calls it, and its number at AWS."""

    name: Name
    number: AccountNumber


class Connection(Input):
    """The role to try; empty for the one that Egret proposes."""

    role_arn: AwsIdText = ""


class Account(Audited, SQLModel, table=True):
    __table_args__ = (Index("ix_account_status", "status", "name"),)

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    name: str = Field(sa_type=ordered(NAME_MAX), unique=True)
    number: str = Field(sa_type=sized(ID_MAX), unique=True, description="12 digits, AWS's")
    role_arn: str = Field(sa_type=sized(AWS_ID_MAX))
    external_id: str = Field(
        sa_type=sized(ID_MAX), description="Made by Egret; the role's trust policy demands it"
    )
    status: AccountStatus = Field(default=AccountStatus.PENDING, sa_type=enum_text(AccountStatus))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class InAccount:
    """A row that belongs to an account, which is loaded with it."""

    if TYPE_CHECKING:
        region: str
        account: Account | None

    @property
    def where(self) -> str:
        """To people: the region, and the account if it is another than the dashboard's own."""
        return f"{self.region} ({self.account.name})" if self.account else self.region

    @property
    def account_name(self) -> str:
        return self.account.name if self.account else OWN


def its_account() -> Any:
    return Relationship(sa_relationship_kwargs={"lazy": "joined"})


class Site(NamedTuple):
    """A region of an account; None is the dashboard's own."""

    account_id: str | None
    region: str

    def __str__(self) -> str:
        """As leases and locks are named: by the region alone in the own account."""
        return f"{self.region} {self.account_id}" if self.account_id else self.region

    @classmethod
    def parse(cls, text: str) -> "Site":
        region, _, account_id = text.partition(" ")
        return cls(account_id or None, region)

    def shown(self, names: Mapping[str, str]) -> str:
        """To people: the region, and of another account that one's name, of those in `names`."""
        return f"{self.region} ({names[self.account_id]})" if self.account_id else self.region

    def holds(self, model: Any) -> ColumnElement[bool]:
        """The condition that a row of the table is there."""
        there = col(model.account_id) == self.account_id
        return and_(there, col(model.region) == self.region)


def shown_as(names: Mapping[str, str], account_id: str | None) -> str:
    """An account's name by its id, of those in `names`."""
    return names[account_id] if account_id else OWN
