"""A revision: what one deployment of a function was made of. The live one is what its row says."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, enum_text, new_id, utc_now
from webapp.models.function import Access, Function

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

    id: str = Field(default_factory=new_id, primary_key=True)
    function_id: str = Field(foreign_key="function.id", index=True, ondelete="CASCADE")
    number: int
    status: RevisionStatus = Field(
        default=RevisionStatus.PENDING, sa_type=enum_text(RevisionStatus)
    )
    reason: str = Field(default="", description="Why it failed")
    actor: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    copy_of: int | None = Field(default=None, description="The revision that it rolled back to")
    template: str
    template_version: str = ""
    code: str = Field(default="", repr=False)
    code_hash: str = ""
    code_key: str = Field(default="", description="The name of its zip, where it has one")
    packaged: bool = Field(default=False, description="Other files are deployed beside it")
    network_id: str
    network: str
    key_id: str
    key: str
    key_version: str = Field(default="", description="Of the key, when it was deployed")
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    access: Access = Field(default=Access.API_KEY, sa_type=enum_text(Access))
    cors_origins: list[str] = Field(default_factory=list, sa_type=JSON)
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
