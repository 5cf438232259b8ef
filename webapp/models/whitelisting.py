"""A whitelisting: a partner that was sent a network's addresses, and how far it has come."""

from datetime import datetime

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from webapp.models.base import Input, UtcDateTime, new_id, utc_now
from webapp.models.texts import AWS_ID_MAX, ID_MAX, PARTNER_MAX, NameText, PartnerText, sized


class NewWhitelisting(Input):
    """`function`: the one that calls this partner; its good answers are the proof."""

    partner: PartnerText
    function: NameText = ""


class Whitelisting(SQLModel, table=True):
    """`function_id`: the function whose good answers show that the partner has whitelisted them."""

    __table_args__ = (
        Index("ix_whitelisting_partner", "network_id", "partner_folded", unique=True),
    )

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    network_id: str = Field(
        sa_type=sized(ID_MAX), foreign_key="network.id", index=True, ondelete="CASCADE"
    )
    function_id: str | None = Field(
        sa_type=sized(ID_MAX), default=None, foreign_key="function.id", ondelete="SET NULL"
    )
    partner: str = Field(sa_type=sized(PARTNER_MAX))
    partner_folded: str = Field(
        sa_type=sized(AWS_ID_MAX), description="By which two names are the same"
    )
    addresses: list[str] = Field(sa_type=JSON, description="Those that it was sent")
    sent_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
