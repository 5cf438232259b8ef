"""Functions: what can be asked and done. `previews`, `templates` and `images` are modules."""

from webapp.services.functions.activity.calls import curl, invoke, logs
from webapp.services.functions.details import FunctionDetail, detail, find, get, list_all
from webapp.services.functions.lifecycle import create, delete, retry

__all__ = [
    "FunctionDetail",
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
