"""Keys: partners' API keys. A secret goes straight to Secrets Manager and is not stored here."""

from webapp.services.keys.choices import KeyChoice, offered
from webapp.services.keys.details import KeyDetail, claims_held, detail, get
from webapp.services.keys.lifecycle import add_version, create, delete, make_previous_current
from webapp.services.keys.listing import count_of, details_page, page
from webapp.services.keys.matching import Match, match, match_all, match_keys

__all__ = [
    "KeyChoice",
    "KeyDetail",
    "Match",
    "add_version",
    "claims_held",
    "count_of",
    "create",
    "delete",
    "detail",
    "details_page",
    "get",
    "make_previous_current",
    "match",
    "match_all",
    "match_keys",
    "offered",
    "page",
]
