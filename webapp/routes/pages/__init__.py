"""Pages: HTML for people. A form that changes something is a POST that answers 303."""

from fastapi import APIRouter

from webapp.routes.pages import (
    access,
    accounts,
    activity,
    addresses,
    audit,
    callers,
    change,
    console,
    diagnosis,
    drift,
    function_changes,
    functions,
    images,
    keys,
    metrics,
    networks,
    orphans,
    overview,
    revisions,
    schedule,
    streams,
    tails,
    templates,
    whitelists,
)

router = APIRouter()
for page in (
    access,
    overview,
    networks,
    change,
    addresses,
    keys,
    functions,
    function_changes,
    revisions,
    activity,
    tails,
    console,
    callers,
    streams,
    templates,
    images,
    diagnosis,
    drift,
    metrics,
    schedule,
    whitelists,
    orphans,
    accounts,
    audit,
):
    router.include_router(page.router)
