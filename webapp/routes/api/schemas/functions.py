"""What the API takes and gives of functions and their snapshots."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from webapp.models import Access, Snapshot, Status
from webapp.services.functions import FunctionDetail
from webapp.services.inspection.health import Level


class SnapshotOut(BaseModel):
    fetched_at: datetime
    age_s: int
    ttl_s: int
    stale: bool
    egress_ip: str | None
    upstream_status: int | None
    key_version: str | None
    ok: bool
    problem: str
    remedy: str


def snapshot_out(snapshot: Snapshot) -> SnapshotOut:
    return SnapshotOut(
        **snapshot.model_dump(
            include={
                "fetched_at",
                "ttl_s",
                "egress_ip",
                "upstream_status",
                "key_version",
                "ok",
                "problem",
                "remedy",
            }
        ),
        age_s=snapshot.age_s(),
        stale=snapshot.stale(),
    )


_CACHED = {
    "ETag": ("Of the body: send it as If-None-Match", {"type": "string"}),
    "Age": ("How old the body is, in seconds", {"type": "integer", "minimum": 0}),
    "Last-Modified": ("When it was fetched", {"type": "string"}),
    "Cache-Control": ("For how long it is fresh", {"type": "string"}),
    "X-Egress-Ip": ("The address that the partner was called from", {"type": "string"}),
}
_HEADERS = {
    name: {"description": text, "schema": schema} for name, (text, schema) in _CACHED.items()
}
CACHED_BODY: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The partner's answer",
        "headers": _HEADERS,
        "content": {"application/json": {"schema": {}, "example": {"items": []}}},
    },
    304: {"headers": _HEADERS},
}
"""The `responses` of a preview."""
IF_NONE_MATCH: dict[str, Any] = {
    "parameters": [
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "The ETag of the body that the caller has: 304 if it is still the same",
            "schema": {"type": "string"},
        }
    ]
}
"""Of its description."""


class FunctionOut(BaseModel):
    """`health` is ok, degraded or failing; `health_text` says what is wrong in a few words."""

    name: str
    template: str
    environment: str
    account: str
    network: str
    key: str
    status: Status
    health: Level
    health_text: str
    reason: str
    remedy: str
    endpoint_url: str | None
    access: Access
    cors_origins: list[str]
    stage: str
    path: str
    settings: dict[str, Any]
    memory_mb: int
    timeout_s: int
    schedule: dict[str, int] | None
    revision: int
    stack_id: str | None
    snapshot: SnapshotOut | None
    failure: SnapshotOut | None
    created_at: datetime
    updated_at: datetime


def function_out(detail: FunctionDetail) -> FunctionOut:
    function = detail.function
    return FunctionOut(
        **function.model_dump(
            include={
                "name",
                "template",
                "environment",
                "reason",
                "remedy",
                "cors_origins",
                "stage",
                "path",
                "settings",
                "memory_mb",
                "timeout_s",
                "schedule",
                "revision",
                "stack_id",
                "created_at",
                "updated_at",
            }
        ),
        account=function.account_name,
        network=detail.network.name,
        key=detail.key.name,
        status=function.status,
        health=detail.health.level,
        health_text=detail.health.text,
        access=function.access,
        endpoint_url=function.endpoint_url,
        snapshot=snapshot_out(detail.snapshot) if detail.snapshot else None,
        failure=snapshot_out(detail.failure) if detail.failure else None,
    )
