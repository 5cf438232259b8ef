"""A function: an AWS Lambda function made from a template, with a REST API in front of it."""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON
from sqlmodel import Field

from webapp.models.base import Input, StackRow, enum_text

CALLS_PER_SECOND = 10
CALL_BURST = 20
CALLS_PER_DAY = 100_000
"""The limits of an endpoint. The last one counts by API key."""


class Access(StrEnum):
    """Who may call the endpoint: AWS principals, holders of its API key, or anyone."""

    IAM = "iam"
    API_KEY = "api_key"
    OPEN = "open"


class NewFunction(Input):
    """A function to create. `settings` are the template's, by name."""

    name: str
    template: str
    network: str
    key: str
    settings: dict[str, Any] = Field(default_factory=dict)
    access: Access = Access.API_KEY
    cors_origins: list[str] = Field(default_factory=list)
    environment: str = ""


class Function(StackRow, table=True):
    express_deletion: ClassVar[bool] = True

    template: str
    environment: str = ""
    network_id: str = Field(foreign_key="network.id", index=True)
    key_id: str = Field(foreign_key="key.id", index=True)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    access: Access = Field(default=Access.API_KEY, sa_type=enum_text(Access))
    cors_origins: list[str] = Field(default_factory=list, sa_type=JSON)
    revision: int = Field(default=1, description="Counts its deployments; always 1 so far")

    @property
    def endpoint_url(self) -> str | None:
        return self.outputs.get("EndpointUrl")

    @property
    def lambda_name(self) -> str | None:
        """The name of the function in AWS Lambda, once it exists."""
        return self.outputs.get("FunctionName")
