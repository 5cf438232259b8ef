"""Functions: what can be asked and done. Rooms and other modules are imported by their names."""

from webapp.services.functions.activity.calls import api_key, curl
from webapp.services.functions.details import FunctionDetail, detail, find, get, list_all
from webapp.services.functions.lifecycle import create, delete, retry

__all__ = [
    "FunctionDetail",
    "api_key",
    "create",
    "curl",
    "delete",
    "detail",
    "find",
    "get",
    "list_all",
    "retry",
]
