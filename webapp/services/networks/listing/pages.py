"""Pages of networks, in the order of their names."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from webapp.lists import keyset
from webapp.lists.counts import Count
from webapp.lists.keyset import START, Offer, Order, Page, Place
from webapp.lists.listing import Filter, Listing, beginning, beginnings
from webapp.models import Network, Site, Status
from webapp.services.networks.details import NetworkDetail, details_of
from webapp.services.networks.listing import rows
from webapp.services.networks.listing.rows import ListedNetwork

COMING = (Status.REQUESTED, Status.CREATING, Status.UPDATING, Status.UNPARKING)
BY_NAME = Order(col(Network.name))
FILTERS: dict[str, Filter] = {
    **beginnings("name", col(Network.name)),
    "exactly": lambda name: col(Network.name) == name,
    "status": lambda status: col(Network.status) == status,
    "region": lambda region: col(Network.region) == region,
    "account": lambda id: col(Network.account_id) == id,
    "own": lambda _: col(Network.account_id).is_(None),
    "there": lambda region: col(Network.region) == region,
}
LISTING = Listing(rows.rows_query, FILTERS, ListedNetwork._make)


@dataclass(frozen=True)
class Wanted:
    """Those whose names begin with `q`, of that status, region or site; empty is any."""

    q: str = ""
    status: Status | None = None
    region: str = ""
    site: Site | None = None

    def values(self) -> dict[str, Any]:
        """Of the filters that are set."""
        found: dict[str, Any] = beginning("name", self.q.lower())
        found |= {"status": self.status} if self.status else {}
        found |= {"region": self.region} if self.region else {}
        if self.site:
            account_id = self.site.account_id
            found |= {"account": account_id} if account_id else {"own": True}
            found["there"] = self.site.region
        return found


EVERY = Wanted()


def page(session: Session, wanted: Wanted = EVERY, place: Place = START) -> Page[ListedNetwork]:
    """With what a list shows, by one statement."""
    return LISTING.page(session, BY_NAME, wanted.values(), place)


def details_page(
    session: Session, wanted: Wanted = EVERY, place: Place = START
) -> Page[NetworkDetail]:
    """The same with all that belongs to them."""
    query = select(Network).where(*LISTING.conditions(wanted.values()))
    found = keyset.page(session, query, BY_NAME, place)
    return found.of(details_of(session, found.rows))


def offered(session: Session, wanted: Wanted, *, chosen: str) -> Offer[ListedNetwork]:
    """What a form offers of them, by name; and the `chosen` one, whether it is wanted or not."""
    found = page(session, wanted)
    rows_ = list(found.rows)
    if chosen and all(each.name != chosen for each in rows_):
        rows_ += LISTING.page(session, BY_NAME, {"exactly": chosen}).rows
    return Offer(rows_, more=found.next is not None)


def under_way(session: Session) -> Network | None:
    """The first one that will soon be ready."""
    coming = select(Network).where(col(Network.status).in_(COMING)).order_by(col(Network.name))
    return session.exec(coming.limit(1)).first()


def count_of(session: Session, wanted: Wanted = EVERY) -> Count:
    return LISTING.count(session, col(Network.name), wanted.values())
