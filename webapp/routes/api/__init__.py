"""The API under /api/v1: JSON for programs, with the same services beneath as the pages."""

from fastapi import APIRouter

from webapp.edge.problems import Problem
from webapp.routes.api import (
    accounts,
    activity,
    addresses,
    audit_events,
    callers,
    change,
    console,
    diagnosis,
    drift,
    functions,
    keys,
    metrics,
    networks,
    orphans,
    revisions,
    schedule,
    templates,
    tokens,
    users,
    whitelists,
)

PROBLEM = {
    "description": "A problem (RFC 9457): what happened, and what to do about it",
    "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
}

router = APIRouter(prefix="/api/v1", responses={"default": PROBLEM})
for noun in (
    networks,
    change,
    addresses,
    keys,
    functions,
    revisions,
    activity,
    console,
    callers,
    audit_events,
    users,
    tokens,
    diagnosis,
    drift,
    metrics,
    schedule,
    templates,
    whitelists,
    orphans,
    accounts,
):
    router.include_router(noun.router)
