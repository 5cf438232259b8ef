"""Functions: what can be asked and done. Rooms and other modules are imported by their names."""

from webapp.services.functions import listing
from webapp.services.functions.activity.command_line import curl
from webapp.services.functions.changes import change, deploy_again, newer_template, preview, retry
from webapp.services.functions.details import FunctionDetail, detail, find, get
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
    "listing",
    "newer_template",
    "preview",
    "retry",
]
