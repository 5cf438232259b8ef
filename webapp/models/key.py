"""A key: a partner's API key. The secret itself is in AWS Secrets Manager and nowhere else."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from webapp.models.base import Audited, Input, UtcDateTime, new_id, utc_now


class NewKey(Input):
    """A key to store. The secret goes to Secrets Manager and is never shown again."""

    name: str
    secret: str = Field(repr=False)
    environment: str = ""
    note: str = ""


class NewVersion(Input):
    """A new secret for a key that exists."""

    secret: str = Field(repr=False)


class Key(Audited, SQLModel, table=True):
    """What is not secret about a key: its name, fingerprint and decoded claims."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    partner: str
    environment: str = ""
    note: str = ""
    region: str
    secret_arn: str
    kms_key_arn: str
    fingerprint: str = Field(description="SHA-256 of the current secret, first 16 hex digits")
    claims: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class KeyVersion(SQLModel, table=True):
    """One upload of a key. `stage` is its staging label in Secrets Manager, or empty."""

    __tablename__ = "key_version"

    id: str = Field(primary_key=True, description="The version id in Secrets Manager")
    key_id: str = Field(foreign_key="key.id", index=True, ondelete="CASCADE")
    stage: str = ""
    fingerprint: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
