"""Which functions use a key, or are in a network, however many they are.

The first of them are named; of all of them, only their keys and networks are asked for, which are
few. Both are found by jumps through an index: the functions in between are not read.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from webapp.database.columns import among
from webapp.database.queries import Query
from webapp.models import Function, Key, Network, Status

NAMED_MAX = 50
"""So many functions of a key or a network are named; its list of functions has them all."""
_IDS: Any = bindparam("ids", expanding=True)


class User(NamedTuple):
    """A function, as far as it is named; the version tells what follows it that it has changed."""

    name: str
    id: str
    version: int


class Users(list[User]):
    """The first by name. `more`: there are others."""

    more = False

    def __str__(self) -> str:
        return ", ".join(user.name for user in self) + (" and more" if self.more else "")


def with_keys(session: Session, key_ids: Iterable[str]) -> defaultdict[str, Users]:
    """The first functions that use each key, or are being given it, by the key's id."""
    return _first(session, key_ids, Key)


def in_networks(session: Session, network_ids: Iterable[str]) -> defaultdict[str, Users]:
    """The first functions that are in each network, or are being moved to it, by its id."""
    return _first(session, network_ids, Network)


def networks_of_keys(session: Session, key_ids: Iterable[str]) -> defaultdict[str, set[str]]:
    """The ids of the networks that functions with each key are in, or are being moved to, by the
    key's id. Functions that are being deleted need nothing."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    if ids := [*key_ids]:
        for key_id, network_id in _networks().rows(session, ids=ids):
            found[key_id].add(network_id)
    return found


def keys_of_network(session: Session, network_id: str) -> set[str]:
    """The ids of the keys that its functions use, now and after the changes under way."""
    return {*_keys().scalars(session, ids=[network_id])}


def rows_of(session: Session, users: Users) -> list[Function]:
    ids = [user.id for user in users]
    named = select(Function).where(col(Function.id).in_(ids)).order_by(col(Function.name))
    return list(session.exec(named)) if ids else []


def _first(
    session: Session, ids: Iterable[str], owner: type[Key | Network]
) -> defaultdict[str, Users]:
    found: defaultdict[str, Users] = defaultdict(Users)
    if wanted := [*ids]:
        read = _first_of_each(owner).rows(session, ids=wanted)
        for owner_id, *user in sorted({tuple(row) for row in read}):
            users = found[owner_id]
            users.more = len(users) == NAMED_MAX
            if not users.more:
                users.append(User(*user))
    return found


@cache
def _first_of_each(owner: type[Key | Network]) -> Query:
    """Of each: one more than are named, of those that are there and of those to come."""
    return Query(union_all(*(_first_by(owner, place) for place in _places(owner))))


def _first_by(owner: type[Key | Network], place: str) -> Select[Any]:
    one: Any = aliased(Function)
    first = (
        select(one.id)
        .where(getattr(one, place) == owner.id)
        .order_by(one.name)
        .limit(NAMED_MAX + 1)
        .correlate(owner)
        .scalar_subquery()
    )
    columns: list[Any] = [owner.id, Function.name, Function.id, Function.version]
    query: Select[Any] = select(*columns)
    return query.join_from(owner, Function, among(Function.id, first)).where(
        col(owner.id).in_(_IDS)
    )


@cache
def _jumps(owner: type[Key | Network]) -> Select[Any]:
    """Selects each owner's id with each id of what its functions have on the other side: from one
    to the next greater one."""
    of, other = (p for p in ("key_id", "network_id"))
    if owner is Network:
        of, other = other, of
    first = (
        select(col(owner.id).label("owner"), _next(of, other, col(owner.id)).label("found"))
        .where(col(owner.id).in_(_IDS))
        .cte("jumps", recursive=True)
    )
    further = select(first.c.owner, _next(of, other, first.c.owner, first.c.found))
    jumps = first.union_all(further.where(first.c.found.is_not(None)))
    query: Select[Any] = select(jumps.c.owner, jumps.c.found)
    return query.where(jumps.c.found.is_not(None))


def _next(of: str, other: str, owner: Any, after: Any = None) -> ColumnElement[Any]:
    one: Any = aliased(Function)
    found = select(func.min(getattr(one, other))).where(getattr(one, of) == owner)
    if of == "key_id":
        found = found.where(one.status != Status.DELETING)
    if after is not None:
        found = found.where(getattr(one, other) > after)
    return found.correlate_except(one).scalar_subquery()


@cache
def _networks() -> Query:
    """Where functions with the keys are, and where changes under way lead to. Of these there are
    few: they are looked for among all changes, which a range of an index finds on either database.
    """
    changed: Any = select(col(Function.id)).where(col(Function.next_key_id) > "")
    these = changed.cte("changed").prefix_with("MATERIALIZED")

    def coming(key: str, network: str) -> Select[Any]:
        key_id = getattr(Function, key)
        columns: list[Any] = [key_id, getattr(Function, network)]
        query: Select[Any] = select(*columns).join(these, these.c.id == col(Function.id))
        return query.where(key_id.in_(_IDS), col(Function.status) != Status.DELETING)

    found = union_all(
        _jumps(Key),
        coming("key_id", "next_network_id"),
        coming("next_key_id", "network_id"),
        coming("next_key_id", "next_network_id"),
    )
    return Query(found)


@cache
def _keys() -> Query:
    now = _jumps(Network).subquery()
    key_id, network_id = col(Function.next_key_id), col(Function.next_network_id)
    then = select(key_id).where(network_id.in_(_IDS), key_id.is_not(None))
    return Query(union_all(select(now.c.found), then))


def _places(owner: type[Key | Network]) -> tuple[str, str]:
    return ("key_id", "next_key_id") if owner is Key else ("network_id", "next_network_id")
