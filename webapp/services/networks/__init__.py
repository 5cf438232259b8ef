"""Networks: what can be asked and done. `change`, `schedule` and `preflight` are modules."""

from webapp.services.networks.details import (
    NetworkDetail,
    detail,
    find,
    functions_in,
    get,
    list_all,
)
from webapp.services.networks.lifecycle import create, delete, park, protect, retry, unpark

__all__ = [
    "NetworkDetail",
    "create",
    "delete",
    "detail",
    "find",
    "functions_in",
    "get",
    "list_all",
    "park",
    "protect",
    "retry",
    "unpark",
]
