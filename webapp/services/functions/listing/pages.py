"""Pages of functions, in the order of their names."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from webapp.lists import counts, keyset
from webapp.lists.counts import Count
from webapp.lists.keyset import START, Order, Page, Place
from webapp.models import Function, Key, Network, Status
from webapp.services.functions.details import FunctionDetail, details_of
from webapp.services.functions.listing import rows
from webapp.services.functions.listing.rows import ListedFunction

BY_NAME = Order(col(Function.name))


@dataclass(frozen=True)
class Wanted:
    """Those whose names begin with `q`, of that status, in the network and with the key of these
    names; empty: any."""

    q: str = ""
    status: Status | None = None
    network: str = ""
    key: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        found = keyset.begins(col(Function.name), self.q.lower())
        found += [col(Function.status) == self.status] if self.status else []
        if self.network:
            its_id = select(Network.id).where(Network.name == self.network).scalar_subquery()
            found.append(col(Function.network_id) == its_id)
        if self.key:
            its_id = select(Key.id).where(Key.name == self.key).scalar_subquery()
            found.append(col(Function.key_id) == its_id)
        return found


EVERY = Wanted()


def page(session: Session, wanted: Wanted = EVERY, place: Place = START) -> Page[ListedFunction]:
    """With what a list shows. Takes as many statements for one function as for many."""
    query = rows.rows_query().where(*wanted.conditions())
    found = keyset.page(session, query, BY_NAME, place)
    return found.of(rows.listed(session, found.rows))


def details_page(
    session: Session, wanted: Wanted = EVERY, place: Place = START
) -> Page[FunctionDetail]:
    """The same with all that belongs to them."""
    found = keyset.page(session, select(Function).where(*wanted.conditions()), BY_NAME, place)
    return found.of(details_of(session, found.rows))


def count_of(session: Session, wanted: Wanted = EVERY) -> Count:
    return counts.count(session, col(Function.name), *wanted.conditions())
