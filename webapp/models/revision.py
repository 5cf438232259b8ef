"""A revision: what one deployment of a function was made of. The live one is what its row says."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, enum_text, new_id, no_items, utc_now
from webapp.models.function import Access, Function
from webapp.models.texts import (
    ACTOR_MAX,
    AWS_ID_MAX,
    CODE_MAX,
    ID_MAX,
    NAME_MAX,
    TOLD_MAX,
    WORD_MAX,
    sized,
)

CONFIGURATION = (
    "network_id",
    "key_id",
    "settings",
    "access",
    "cors_origins",
    "memory_mb",
    "timeout_s",
)
"""What a function's row and its revisions both have: the row, of the live one."""


class RevisionStatus(StrEnum):
    PENDING = "pending"
    LIVE = "live"
    REPLACED = "replaced"
    FAILED = "failed"


class FunctionRevision(SQLModel, table=True):
    """Its network and key may be gone, so that their names are kept as well.

    `code` is empty for functions from before there were revisions: what the template had then.
    """

    __tablename__ = "function_revision"
    __table_args__ = (UniqueConstraint("function_id", "number"),)

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    function_id: str = Field(
        sa_type=sized(ID_MAX), foreign_key="function.id", index=True, ondelete="CASCADE"
    )
    number: int
    status: RevisionStatus = Field(
        default=RevisionStatus.PENDING, sa_type=enum_text(RevisionStatus)
    )
    reason: str = Field(sa_type=sized(TOLD_MAX), default="", description="Why it failed")
    actor: str = Field(default="", sa_type=sized(ACTOR_MAX))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    copy_of: int | None = Field(default=None, description="The revision that it rolled back to")
    template: str = Field(sa_type=sized(WORD_MAX))
    template_version: str = Field(default="", sa_type=sized(WORD_MAX))
    code: str = Field(sa_type=sized(CODE_MAX), default="", repr=False)
    code_hash: str = Field(default="", sa_type=sized(ID_MAX))
    code_key: str = Field(
        sa_type=sized(AWS_ID_MAX), default="", description="The name of its zip, where it has one"
    )
    packaged: bool = Field(default=False, description="Other files are deployed beside it")
    network_id: str = Field(sa_type=sized(ID_MAX))
    network: str = Field(sa_type=sized(NAME_MAX))
    key_id: str = Field(sa_type=sized(ID_MAX))
    key: str = Field(sa_type=sized(NAME_MAX))
    key_version: str = Field(
        sa_type=sized(AWS_ID_MAX), default="", description="Of the key, when it was deployed"
    )
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    access: Access = Field(default=Access.API_KEY, sa_type=enum_text(Access))
    cors_origins: list[str] = Field(default_factory=no_items, sa_type=JSON)
    memory_mb: int = 0
    timeout_s: int = 0

    def opens(self, function: Function) -> bool:
        """Whether its deployment would let everyone call the endpoint, who may not do so now."""
        return self.access is Access.OPEN and function.access is not Access.OPEN

    def configure(self, function: Function) -> None:
        """Write into the function's row that this is what is live."""
        for name in CONFIGURATION:
            setattr(function, name, getattr(self, name))
        function.revision = self.number
