"""Networks: what can be asked and done. `change`, `listing`, `schedule` and
`preflight` are modules."""

from webapp.services.networks import listing
from webapp.services.networks.details import (
    NetworkDetail,
    detail,
    find,
    functions_in,
    get,
    named,
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
    "listing",
    "named",
    "park",
    "protect",
    "retry",
    "unpark",
]
