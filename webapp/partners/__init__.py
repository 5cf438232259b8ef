"""Partners: what their keys say, what their errors mean, and the rows of their responses.

Pure functions over text: nothing here calls a partner. Each partner has an adapter with the methods
of `base.Partner`; what is the same for all of them is in `whitelist` and `cache_control`.
"""

from collections.abc import Callable
from dataclasses import replace

from webapp.errors import Invalid
from webapp.partners.base import Explanation, KeyClaims, Partner
from webapp.partners.cache_control import max_age_s
from webapp.partners.clash_of_clans import ClashOfClans
from webapp.partners.generic import Generic
from webapp.partners.key_kinds import BEARER, HEADER, QUERY, KeyKind
from webapp.partners.whitelist import coverage

__all__ = [
    "DEFAULT_PARTNER",
    "GENERIC",
    "KEY_KINDS",
    "Explanation",
    "KeyClaims",
    "KeyKind",
    "Partner",
    "coverage",
    "key_kind",
    "keys_of",
    "kind_of",
    "known",
    "max_age_s",
    "partner",
]

DEFAULT_PARTNER = "clash_of_clans"
"""The partner of an uploaded key, and of a page on which no key has been chosen yet."""
GENERIC = "generic"
"""Any partner that Egret knows nothing about."""
_PARTNERS: dict[str, ClashOfClans | Generic] = {
    DEFAULT_PARTNER: ClashOfClans(),
    GENERIC: Generic(),
}
KEY_KINDS = (
    KeyKind(DEFAULT_PARTNER, "Clash of Clans key", DEFAULT_PARTNER, BEARER),
    KeyKind("bearer", "Bearer token", GENERIC, BEARER),
    KeyKind("header", "In a header", GENERIC, HEADER, "Name of the header"),
    KeyKind("query", "In the query", GENERIC, QUERY, "Name of the query parameter"),
)
"""The first one is meant where none is named."""


def partner(name: str, origin: Callable[[str], str] | None = None) -> Partner:
    """The adapter with that name; templates and keys refer to it by name.

    `origin` gives the portal's address to use for the public one: the sandbox has its own.
    """
    found = _PARTNERS[name]
    return replace(found, portal_url=origin(found.portal_url)) if origin else found


def keys_of(kind: KeyKind, sent_as: str, origin: Callable[[str], str] | None = None) -> Partner:
    """The adapter that reads keys of that kind, sent by that name."""
    found = partner(kind.partner, origin)
    if isinstance(found, Generic):
        return replace(found, sent_by=kind.sent_by, sent_as=sent_as)
    return found


def key_kind(name: str) -> KeyKind:
    """The kind of that name; the first one for ''. Raises Invalid."""
    for kind in KEY_KINDS:
        if name in (kind.name, "" if kind is KEY_KINDS[0] else kind.name):
            return kind
    known = ", ".join(kind.name for kind in KEY_KINDS)
    raise Invalid(f"There is no such kind of key. Choose one of: {known}.", field="kind")


def kind_of(partner_name: str, sent_by: str) -> KeyKind:
    """The kind of a key that is stored."""
    of_partner = [kind for kind in KEY_KINDS if kind.partner == partner_name]
    return next((kind for kind in of_partner if kind.sent_by == sent_by), of_partner[0])


def known() -> list[str]:
    """The names of all adapters."""
    return sorted(_PARTNERS)
