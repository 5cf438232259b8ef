"""Callers of a function's endpoint: what can be asked and done. `operation` is a module."""

from webapp.services.functions.callers.details import LISTED_MAX, CallerDetail, detail, page
from webapp.services.functions.callers.lifecycle import Issued, change, create, revoke, rotate

__all__ = [
    "LISTED_MAX",
    "CallerDetail",
    "Issued",
    "change",
    "create",
    "detail",
    "page",
    "revoke",
    "rotate",
]
