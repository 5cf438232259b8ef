"""The API under /api/v1: JSON for programs, with the same services beneath as the pages."""

from fastapi import APIRouter

from webapp.routes.api import (
    addresses,
    audit_events,
    diagnoses,
    drifts,
    functions,
    keys,
    networks,
    orphans,
    schedules,
    whitelists,
)

router = APIRouter(prefix="/api/v1")
for noun in (
    networks,
    addresses,
    keys,
    functions,
    audit_events,
    diagnoses,
    drifts,
    schedules,
    whitelists,
    orphans,
):
    router.include_router(noun.router)
