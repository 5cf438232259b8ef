"""The API under /api/v1: JSON for programs, with the same services beneath as the pages."""

from webapp.edge.late_routes import included
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

NOUNS = (
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
)
routes = included(
    (route for noun in NOUNS for route in noun.router.routes),
    "/api/v1",
    {"default": PROBLEM},
)
