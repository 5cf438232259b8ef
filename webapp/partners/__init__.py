"""Partners: what their keys say, what their errors mean, and the rows of their answers.

Pure functions over text; nothing here calls anybody. A partner is a module with `normalise`,
`claims`, `explain` and `rows`; what is the same for all is in `whitelist` and `answers`.
"""

from webapp.partners import clash_of_clans
from webapp.partners.cache_control import Explanation, max_age_s
from webapp.partners.base import KeyClaims, Partner
from webapp.partners.whitelist import allows, allows_address

__all__ = [
    "DEFAULT_PARTNER",
    "Explanation",
    "KeyClaims",
    "allows",
    "allows_address",
    "max_age_s",
    "partner",
]

DEFAULT_PARTNER = "clash_of_clans"
"""The partner of a key that is uploaded, and of a page on which no key has been chosen yet."""
_PARTNERS: dict[str, Partner] = {"clash_of_clans": clash_of_clans.ClashOfClans()}


def partner(name: str) -> Partner:
    """The adapter of that name, as templates and keys refer to it."""
    return _PARTNERS[name]
