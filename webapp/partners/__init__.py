"""Partners: what their keys say, what their errors mean, and the rows of their responses.

Pure functions over text: nothing here calls a partner. Each partner has an adapter with the methods
of `base.Partner`; what is the same for all of them is in `whitelist` and `cache_control`.
"""

from collections.abc import Callable
from dataclasses import replace

from webapp.partners import clash_of_clans
from webapp.partners.base import Explanation, KeyClaims, Partner
from webapp.partners.cache_control import max_age_s
from webapp.partners.whitelist import allows_address, coverage

__all__ = [
    "DEFAULT_PARTNER",
    "Explanation",
    "KeyClaims",
    "Partner",
    "allows_address",
    "coverage",
    "known",
    "max_age_s",
    "partner",
]

DEFAULT_PARTNER = "clash_of_clans"
"""The partner of an uploaded key, and of a page on which no key has been chosen yet."""
_PARTNERS: dict[str, clash_of_clans.ClashOfClans] = {
    "clash_of_clans": clash_of_clans.ClashOfClans()
}


def partner(name: str, origin: Callable[[str], str] | None = None) -> Partner:
    """The adapter with that name; templates and keys refer to it by name.

    `origin` gives the portal's address to use for the public one: the sandbox has its own.
    """
    found = _PARTNERS[name]
    return replace(found, portal_url=origin(found.portal_url)) if origin else found


def known() -> list[str]:
    """The names of all adapters."""
    return sorted(_PARTNERS)
