"""What the API takes and gives of functions and their snapshots."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from webapp.aws.functions import Log
from webapp.aws.invocations import Invocation
from webapp.models import Snapshot
from webapp.routes.api.schemas.lists import Listed
from webapp.services.functions import FunctionDetail


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


class FunctionOut(BaseModel):
    """`health` is ok, degraded or failing; `health_text` says what is wrong in a few words."""

    name: str
    template: str
    environment: str
    network: str
    key: str
    status: str
    health: str
    health_text: str
    reason: str
    remedy: str
    endpoint_url: str | None
    access: str
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
        network=detail.network.name,
        key=detail.key.name,
        status=function.status.value,
        health=detail.health.level.value,
        health_text=detail.health.text,
        access=function.access.value,
        endpoint_url=function.endpoint_url,
        snapshot=snapshot_out(detail.snapshot) if detail.snapshot else None,
        failure=snapshot_out(detail.failure) if detail.failure else None,
    )


class InvocationOut(BaseModel):
    """What the function returned: `body` is text as a caller of the endpoint gets it."""

    status: int
    headers: dict[str, str]
    body: str
    error: str


def invocation_out(invocation: Invocation) -> InvocationOut:
    return InvocationOut(
        status=invocation.status,
        headers=invocation.headers,
        body=invocation.body.decode(errors="replace"),
        error=invocation.error,
    )


class LogLineOut(BaseModel):
    at_ms: int
    message: str


class LogOut(Listed[LogLineOut]):
    """Oldest line first. Not `complete`: the search took too long, so there may be others."""

    complete: bool


def log_out(log: Log) -> LogOut:
    lines = [LogLineOut(at_ms=line.at_ms, message=line.message) for line in log.lines]
    return LogOut(items=lines, next=None, complete=log.complete)
