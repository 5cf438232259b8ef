"""Keys: partners' API keys. A secret goes straight to Secrets Manager and is not stored here."""

from webapp.services.keys.details import (
    KeyDetail,
    Match,
    claims_held,
    detail,
    get,
    list_all,
    match,
    match_all,
)
from webapp.services.keys.lifecycle import add_version, create, delete, make_previous_current

__all__ = [
    "KeyDetail",
    "Match",
    "add_version",
    "claims_held",
    "create",
    "delete",
    "detail",
    "get",
    "list_all",
    "make_previous_current",
    "match",
    "match_all",
]
