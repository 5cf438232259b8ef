"""What the API gives of changes of functions, and of their revisions."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from webapp.models import Access, FunctionRevision
from webapp.models.revision import RevisionStatus
from webapp.routes.api.schemas.functions import FunctionOut, function_out
from webapp.services.functions import FunctionDetail
from webapp.services.functions.changes.apply import Preview
from webapp.services.functions.changes.plan import Planned
from webapp.services.functions.revisions.differences import Difference, between, code_diff

NUMBER_MAX = 2**31 - 1


class DifferenceOut(BaseModel):
    """`field` is a field of the change, such as `settings.limit`; of `code`, hashes."""

    field: str
    before: Any
    after: Any


class ChangedFunctionOut(FunctionOut):
    """The function, and what is being changed; `deploys`: whether a deployment has begun."""

    changes: list[DifferenceOut]
    deploys: bool


class ChangedResourceOut(BaseModel):
    """What CloudFormation would do. `replacement` is its True, False or Conditional."""

    action: str
    logical_id: str
    resource_type: str
    replacement: str


class ChangePreviewOut(BaseModel):
    """`interrupts` is always false: a change that would interrupt calls is refused."""

    changes: list[DifferenceOut]
    deploys: bool
    resources: list[ChangedResourceOut]
    interrupts: bool = False


class RevisionOut(BaseModel):
    number: int
    status: RevisionStatus
    reason: str
    actor: str
    created_at: datetime
    copy_of: int | None
    template: str
    template_version: str
    code_hash: str
    network: str
    key: str
    key_version: str
    settings: dict[str, Any]
    access: Access
    cors_origins: list[str]
    memory_mb: int
    timeout_s: int


class RevisionWithCodeOut(RevisionOut):
    code: str


class ComparisonOut(BaseModel):
    """`code_diff` is a unified diff; empty where the code is the same or was not kept."""

    changes: list[DifferenceOut]
    code_diff: str


def changed_out(detail: FunctionDetail, planned: Planned) -> ChangedFunctionOut:
    return ChangedFunctionOut(
        **function_out(detail).model_dump(),
        changes=_differences(planned.differences),
        deploys=planned.revision is not None,
    )


def preview_out(preview: Preview) -> ChangePreviewOut:
    return ChangePreviewOut(
        changes=_differences(preview.planned.differences),
        deploys=preview.planned.revision is not None,
        resources=[
            ChangedResourceOut.model_validate(each, from_attributes=True) for each in preview.stack
        ],
    )


def revision_out(revision: FunctionRevision) -> RevisionOut:
    return RevisionOut.model_validate(revision.model_dump())


def code_out(revision: FunctionRevision) -> RevisionWithCodeOut:
    return RevisionWithCodeOut.model_validate(revision.model_dump())


def comparison_out(old: FunctionRevision, new: FunctionRevision) -> ComparisonOut:
    return ComparisonOut(changes=_differences(between(old, new)), code_diff=code_diff(old, new))


def _differences(found: list[Difference]) -> list[DifferenceOut]:
    return [DifferenceOut.model_validate(each, from_attributes=True) for each in found]
