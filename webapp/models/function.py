"""A function: an AWS Lambda function made from a template, with a REST API in front of it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Strict
from sqlalchemy import JSON, ColumnElement, Index, event, or_, text
from sqlmodel import Field, col

from webapp.models.account import Account, InAccount, its_account
from webapp.models.base import (
    HAS_REASON,
    Input,
    StackRow,
    enum_text,
    index_where,
    look_at_changed,
    no_items,
)
from webapp.models.rules import (
    CALLS_PER_SECOND,
    Environment,
    EveryMinutes,
    MemoryMb,
    Name,
    Origins,
    Stage,
    TemplateName,
    TimeoutS,
)
from webapp.models.texts import (
    ENVIRONMENT_MAX,
    ID_MAX,
    PATH_MAX,
    WORD_MAX,
    PathText,
    WordText,
    sized,
)

MEMORY_MB, TIMEOUT_S = 256, 28
CALL_BURST = 200
"""What an endpoint accepts from all its callers together at once; CALLS_PER_SECOND a second."""
OPEN_CALLS_PER_SECOND, OPEN_CALL_BURST = 10, 20
"""What it accepts if everyone may call it."""
STAGE = "live"


class Access(StrEnum):
    """Who may call the endpoint: AWS principals, callers with an API key, or everyone."""

    IAM = "iam"
    API_KEY = "api_key"
    OPEN = "open"


def endpoint_limits(access: Access) -> tuple[int, int]:
    """Calls per second, and at once, that the endpoint accepts from all its callers together."""
    if access is Access.OPEN:
        return OPEN_CALLS_PER_SECOND, OPEN_CALL_BURST
    return CALLS_PER_SECOND, CALL_BURST


class NewFunction(Input):
    """A function to create. `settings` are the template's, by name.

    Its endpoint's URL ends with `stage` and `path`, which cannot be changed later.
    """

    name: Name
    template: TemplateName
    network: Name
    key: Name
    settings: dict[str, Any] = Field(default_factory=dict)
    access: Annotated[Access, Strict(False)] = Access.API_KEY
    cors_origins: Origins = Field(default_factory=list)
    environment: Environment = ""
    stage: Stage = STAGE
    path: PathText = ""


class FetchSchedule(Input):
    """Fetch a new snapshot every so many minutes."""

    every_minutes: EveryMinutes


class FunctionChange(Input):
    """What to change; what is not named stays. Of `settings` too, those that are not named.

    `schedule` null ends it. `template_version` is the newest one, to deploy its code.
    """

    settings: dict[str, Any] | None = None
    key: Name | None = None
    network: Name | None = None
    access: Annotated[Access, Strict(False)] | None = None
    cors_origins: Origins | None = None
    environment: Environment | None = None
    memory_mb: MemoryMb | None = None
    timeout_s: TimeoutS | None = None
    schedule: FetchSchedule | None = None
    template_version: WordText | None = None


SCHEDULED = text("schedule IS NOT NULL")


class Function(InAccount, StackRow, table=True):
    __table_args__ = (
        Index("ix_function_status", "status", "name"),
        Index("ix_function_network", "network_id", "name"),
        Index("ix_function_key", "key_id", "name"),
        Index("ix_function_network_keys", "network_id", "key_id"),
        Index("ix_function_key_networks", "key_id", "network_id"),
        Index("ix_function_access", "access", "name"),
        Index("ix_function_look_at", "account_id", "look_at"),
        index_where("ix_function_scheduled", "account_id", "look_at", where=SCHEDULED),
        index_where("ix_function_told", "name", where=HAS_REASON),
    )

    express_deletion: ClassVar[bool] = True

    account: Account | None = its_account()
    template: str = Field(sa_type=sized(WORD_MAX))
    environment: str = Field(default="", sa_type=sized(ENVIRONMENT_MAX))
    network_id: str = Field(sa_type=sized(ID_MAX), foreign_key="network.id")
    key_id: str = Field(sa_type=sized(ID_MAX), foreign_key="key.id")
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    access: Access = Field(default=Access.API_KEY, sa_type=enum_text(Access))
    cors_origins: list[str] = Field(default_factory=no_items, sa_type=JSON)
    stage: str = Field(
        sa_type=sized(WORD_MAX),
        default=STAGE,
        description="The first part of the path of its endpoint",
    )
    path: str = Field(
        sa_type=sized(PATH_MAX),
        default="",
        description="The rest of that path, without a slash around it",
    )
    memory_mb: int = MEMORY_MB
    timeout_s: int = TIMEOUT_S
    schedule: dict[str, int] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    revision: int = Field(default=1, description="The number of the live one")
    next_network_id: str | None = Field(
        sa_type=sized(ID_MAX), default=None, index=True, description="Of a pending revision"
    )
    next_key_id: str | None = Field(
        sa_type=sized(ID_MAX), default=None, index=True, description="Of a pending revision"
    )

    @property
    def network_ids(self) -> set[str]:
        """The network that it runs in, and that to which a change under way moves it."""
        return {self.network_id, self.next_network_id or self.network_id}

    @property
    def key_ids(self) -> set[str]:
        """The key that it uses, and that which a change under way gives it."""
        return {self.key_id, self.next_key_id or self.key_id}

    @property
    def every_minutes(self) -> int | None:
        """How often it fetches by itself."""
        return self.schedule["every_minutes"] if self.schedule else None

    @property
    def endpoint_url(self) -> str | None:
        return self.outputs.get("EndpointUrl")

    @property
    def lambda_name(self) -> str | None:
        """The name of the function in AWS Lambda, once it exists."""
        return self.outputs.get("FunctionName")


def in_networks(ids: Iterable[str]) -> ColumnElement[bool]:
    """Functions that run in one of the networks, or are being moved to one."""
    wanted = list(ids)
    return or_(col(Function.network_id).in_(wanted), col(Function.next_network_id).in_(wanted))


def with_keys(ids: Iterable[str]) -> ColumnElement[bool]:
    """Functions that use one of the keys, or are being given one."""
    wanted = list(ids)
    return or_(col(Function.key_id).in_(wanted), col(Function.next_key_id).in_(wanted))


event.listen(Function, "before_update", look_at_changed)
