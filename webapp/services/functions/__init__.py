"""Functions: what can be asked and done. `previews`, `templates` and `images` are modules."""

from webapp.services.functions.activity.calls import api_key, curl, invoke, logs
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
    "invoke",
    "list_all",
    "logs",
    "retry",
]
