"""A function: an AWS Lambda function made from a template, with a REST API in front of it."""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON
from sqlmodel import Field

from webapp.models.base import Input, StackRow, enum_text

CALLS_PER_SECOND, CALL_BURST = 100, 200
"""What an endpoint takes of all its callers together."""
OPEN_CALLS_PER_SECOND, OPEN_CALL_BURST = 10, 20
"""What it takes where everyone may call it."""
STAGE = "live"


class Access(StrEnum):
    """Who may call the endpoint: AWS principals, holders of its API key, or anyone."""

    IAM = "iam"
    API_KEY = "api_key"
    OPEN = "open"


def endpoint_limits(access: Access) -> tuple[int, int]:
    """Calls per second and calls at once that the endpoint takes, of all its callers together."""
    if access is Access.OPEN:
        return OPEN_CALLS_PER_SECOND, OPEN_CALL_BURST
    return CALLS_PER_SECOND, CALL_BURST


class NewFunction(Input):
    """A function to create. `settings` are the template's, by name.

    Its endpoint's URL ends with `stage` and `path`, which cannot be changed later.
    """

    name: str
    template: str
    network: str
    key: str
    settings: dict[str, Any] = Field(default_factory=dict)
    access: Access = Access.API_KEY
    cors_origins: list[str] = Field(default_factory=list)
    environment: str = ""
    stage: str = STAGE
    path: str = ""


class Function(StackRow, table=True):
    express_deletion: ClassVar[bool] = True

    template: str
    environment: str = ""
    network_id: str = Field(foreign_key="network.id", index=True)
    key_id: str = Field(foreign_key="key.id", index=True)
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    access: Access = Field(default=Access.API_KEY, sa_type=enum_text(Access))
    cors_origins: list[str] = Field(default_factory=list, sa_type=JSON)
    stage: str = Field(default=STAGE, description="The first part of the path of its endpoint")
    path: str = Field(default="", description="The rest of that path, without a slash around it")
    revision: int = Field(default=1, description="Counts its deployments; always 1 so far")

    @property
    def endpoint_url(self) -> str | None:
        return self.outputs.get("EndpointUrl")

    @property
    def lambda_name(self) -> str | None:
        """The name of the function in AWS Lambda, once it exists."""
        return self.outputs.get("FunctionName")
