"""The IAM policies that Egret needs, from one source: what `egret policy` prints."""

from webapp.aws.policy.documents import (
    ANY_ACCOUNT,
    GRANTS,
    MANAGED_POLICY_MAX_CHARS,
    PREFIX,
    Document,
    Place,
    all_of,
    boundary,
    cloudformation,
    dashboard,
    size,
    trust,
)
from webapp.aws.policy.grants import Grant, Why
from webapp.aws.policy.roles import ON_ROLES

__all__ = [
    "ANY_ACCOUNT",
    "GRANTS",
    "MANAGED_POLICY_MAX_CHARS",
    "ON_ROLES",
    "PREFIX",
    "Document",
    "Grant",
    "Place",
    "Why",
    "all_of",
    "boundary",
    "cloudformation",
    "dashboard",
    "size",
    "trust",
]
