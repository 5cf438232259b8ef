"""Accounts: the dashboard's own, and others in which it acts by a role."""

from webapp.services.accounts.details import (
    AccountDetail,
    check_same,
    choices,
    exists,
    find,
    get,
    names,
    own_identity,
    site_for,
    site_named,
    sites,
)
from webapp.services.accounts.lifecycle import add, connect, remove
from webapp.services.accounts.listing import by_name, detail, page
from webapp.services.accounts.setup import Setup, setup_of

__all__ = [
    "AccountDetail",
    "Setup",
    "add",
    "by_name",
    "check_same",
    "choices",
    "connect",
    "detail",
    "exists",
    "find",
    "get",
    "names",
    "own_identity",
    "page",
    "remove",
    "setup_of",
    "site_for",
    "site_named",
    "sites",
]
