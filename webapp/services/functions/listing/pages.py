"""Pages of functions, in the order of their names."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from webapp.lists import keyset
from webapp.lists.counts import Count
from webapp.lists.keyset import START, Order, Page, Place
from webapp.lists.listing import Filter, Listing, beginning, beginnings
from webapp.models import Function, Key, Network, Status
from webapp.services.functions.details import FunctionDetail, details_of
from webapp.services.functions.listing import rows
from webapp.services.functions.listing.rows import ListedFunction

BY_NAME = Order(col(Function.name))


def _of(model: type[Network | Key], column: Any) -> Filter:
    """Those whose column has the id of the row of that name."""
    other: Any = aliased(model)
    return lambda name: column == select(other.id).where(other.name == name).scalar_subquery()


FILTERS: dict[str, Filter] = {
    **beginnings("name", col(Function.name)),
    "status": lambda status: col(Function.status) == status,
    "network": _of(Network, col(Function.network_id)),
    "key": _of(Key, col(Function.key_id)),
}
LISTING = Listing(rows.rows_query, FILTERS, rows.read)


@dataclass(frozen=True)
class Wanted:
    """Those whose names begin with `q`, of that status, in the network and with the key of these
    names; empty: any."""

    q: str = ""
    status: Status | None = None
    network: str = ""
    key: str = ""

    def values(self) -> dict[str, Any]:
        """Of the filters that are set."""
        found: dict[str, Any] = beginning("name", self.q.lower())
        chosen = {"status": self.status, "network": self.network, "key": self.key}
        return found | {name: value for name, value in chosen.items() if value}


EVERY = Wanted()


def page(session: Session, wanted: Wanted = EVERY, place: Place = START) -> Page[ListedFunction]:
    """With what a list shows, by one statement."""
    return LISTING.page(session, BY_NAME, wanted.values(), place)


def details_page(
    session: Session, wanted: Wanted = EVERY, place: Place = START
) -> Page[FunctionDetail]:
    """The same with all that belongs to them."""
    query = select(Function).where(*LISTING.conditions(wanted.values()))
    found = keyset.page(session, query, BY_NAME, place)
    return found.of(details_of(session, found.rows))


def count_of(session: Session, wanted: Wanted = EVERY) -> Count:
    return LISTING.count(session, col(Function.name), wanted.values())
