"""Pages of networks, in the order of their names."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from webapp.lists import counts, keyset
from webapp.lists.counts import Count
from webapp.lists.keyset import START, Offer, Order, Page, Place
from webapp.models import Network, Site, Status
from webapp.services.networks.details import NetworkDetail, details_of
from webapp.services.networks.listing import rows
from webapp.services.networks.listing.rows import ListedNetwork

COMING = (Status.REQUESTED, Status.CREATING, Status.UPDATING, Status.UNPARKING)
BY_NAME = Order(col(Network.name))


@dataclass(frozen=True)
class Wanted:
    """Those whose names begin with `q`, of that status, region or site; empty is any."""

    q: str = ""
    status: Status | None = None
    region: str = ""
    site: Site | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found = keyset.begins(col(Network.name), self.q.lower())
        found += [col(Network.status) == self.status] if self.status else []
        found += [col(Network.region) == self.region] if self.region else []
        return found + ([self.site.holds(Network)] if self.site else [])


EVERY = Wanted()


def page(session: Session, wanted: Wanted = EVERY, place: Place = START) -> Page[ListedNetwork]:
    """With what a list shows. Takes as many statements for one network as for many."""
    query = rows.rows_query().where(*wanted.conditions())
    found = keyset.page(session, query, BY_NAME, place)
    return found.of(rows.listed(session, found.rows))


def details_page(
    session: Session, wanted: Wanted = EVERY, place: Place = START
) -> Page[NetworkDetail]:
    """The same with all that belongs to them."""
    found = keyset.page(session, select(Network).where(*wanted.conditions()), BY_NAME, place)
    return found.of(details_of(session, found.rows))


def offered(session: Session, wanted: Wanted, *, chosen: str) -> Offer[ListedNetwork]:
    """What a form offers of them, by name; and the `chosen` one, whether it is wanted or not."""
    found = page(session, wanted)
    rows_ = list(found.rows)
    if chosen and all(each.network.name != chosen for each in rows_):
        one = rows.rows_query().where(col(Network.name) == chosen)
        rows_ += rows.listed(session, session.execute(one))
    return Offer(rows_, more=found.next is not None)


def under_way(session: Session) -> Network | None:
    """The first one that will soon be ready."""
    coming = select(Network).where(col(Network.status).in_(COMING)).order_by(col(Network.name))
    return session.exec(coming.limit(1)).first()


def count_of(session: Session, wanted: Wanted = EVERY) -> Count:
    return counts.count(session, col(Network.name), *wanted.conditions())
