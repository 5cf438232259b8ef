"""A function: an AWS Lambda function made from a template, with a REST API in front of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from webapp.models.base import Status, UtcDateTime, enum_column, new_id, utc_now


class Access(StrEnum):
    """Who may call the endpoint: signed AWS requests, holders of its API key, or everyone."""

    IAM = "iam"
    API_KEY = "api_key"
    OPEN = "open"


class Function(SQLModel, table=True):
    """A cache of the stack's state; `revision` counts the changes asked for."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    template: str
    environment: str = ""
    network_id: str = Field(foreign_key="network.id", index=True)
    key_id: str = Field(foreign_key="key.id", index=True)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    access: Access = Field(default=Access.API_KEY, sa_column=enum_column(Access))
    cors_origins: list[str] = Field(default_factory=list, sa_type=JSON)
    status: Status = Field(default=Status.REQUESTED, sa_column=enum_column(Status))
    reason: str = ""
    remedy: str = ""
    revision: int = 1
    operation_id: str = Field(default_factory=new_id)
    stack_id: str | None = None
    outputs: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    @property
    def endpoint_url(self) -> str | None:
        return self.outputs.get("EndpointUrl")

    @property
    def lambda_name(self) -> str | None:
        return self.outputs.get("FunctionName")
