"""Functions: what can be asked and done. `previews`, `templates` and `images` are modules."""

from webapp.services.functions.activity.calls import curl, invoke, logs
from webapp.services.functions.changes import change, deploy_again, newer_template, preview, retry
from webapp.services.functions.details import FunctionDetail, detail, find, get, list_all
from webapp.services.functions.lifecycle import create, delete

__all__ = [
    "FunctionDetail",
    "change",
    "create",
    "curl",
    "delete",
    "deploy_again",
    "detail",
    "find",
    "get",
    "invoke",
    "list_all",
    "logs",
    "newer_template",
    "preview",
    "retry",
]
