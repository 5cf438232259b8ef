"""Pages of accounts, with how much is in each: counted so far only, as of any list."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from webapp.lists import keyset
from webapp.lists.counts import COUNTED_MAX, Count, count
from webapp.lists.keyset import START, Order, Page, Place
from webapp.models import OWN, Account, Address, Function, Key, Network
from webapp.scope import CloudScope
from webapp.services.accounts.details import AccountDetail, get, own_number

BY_NAME = Order(col(Account.name))
IN_ACCOUNTS = (Network, Function, Key, Address)
MOST = COUNTED_MAX + 1
"""Stands for more than COUNTED_MAX."""


def page(scope: CloudScope, place: Place = START) -> Page[AccountDetail]:
    """By name, the own one before all others."""
    found = keyset.page(scope.session, select(Account), BY_NAME, place)
    is_first = not place.after and found.previous is None
    own = [_own(scope)] if is_first else []
    return found.of([*own, *_details(scope.session, found.rows)])


def by_name(scope: CloudScope, place: Place = START) -> Page[AccountDetail]:
    """By name, the own one where its name is."""
    found = keyset.page(scope.session, select(Account), BY_NAME, place)
    rows = list(_details(scope.session, found.rows))
    if place.after < OWN and (found.next is None or found.next >= OWN):
        rows = sorted([*rows, _own(scope)], key=lambda detail: detail.name)
    shown, more = rows[: place.limit], len(rows) > place.limit
    return Page(shown, next=shown[-1].name if more else found.next)


def detail(scope: CloudScope, name: str) -> AccountDetail:
    """Raises NotFound."""
    return _own(scope) if name == OWN else _details(scope.session, [get(scope.session, name)])[0]


def count_of(session: Session) -> Count:
    """The own one, too."""
    others = count(session, col(Account.name))
    return Count(others.number if others.over else others.number + 1, others.over)


def contents(session: Session, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """What each of the accounts has, by its id: `{"network": 2, …}`, without zeros."""
    query = select(col(Account.id), *_counts(col(Account.id))).where(col(Account.id).in_(ids))
    rows = session.execute(query) if ids else ()
    return {id: _named(numbers) for id, *numbers in rows}


def own_contents(session: Session) -> dict[str, int]:
    return _named(list(session.execute(select(*_counts(None))).one()))


def _details(session: Session, rows: Sequence[Account]) -> list[AccountDetail]:
    has = contents(session, [row.id for row in rows])
    return [AccountDetail(row, row.number, has[row.id]) for row in rows]


def _own(scope: CloudScope) -> AccountDetail:
    return AccountDetail(None, own_number(scope), own_contents(scope.session))


def _counts(account_id: Any) -> list[Any]:
    """Of each kind, how many are in the account; no more than MOST."""
    numbers = []
    for model in IN_ACCOUNTS:
        inside: Select[Any] = select(col(model.id)).where(col(model.account_id) == account_id)
        inside = inside.limit(MOST).correlate(Account)
        numbers.append(select(func.count()).select_from(inside.subquery()).scalar_subquery())
    return numbers


def _named(numbers: Sequence[int]) -> dict[str, int]:
    pairs = zip(IN_ACCOUNTS, numbers, strict=True)
    return {model.__name__.lower(): number for model, number in pairs if number}
