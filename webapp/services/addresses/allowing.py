"""Which keys allow an address, by the table of the ranges that they allow.

A range begins at a multiple of its size. So for each size that there is, one look into an index
finds the ranges that have the address in them, however many keys there are.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, literal, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from webapp.database.columns import among
from webapp.database.queries import Query
from webapp.models import Address, Key, KeyRange

NAMED_MAX = 50
"""So many keys, and so many of what needs an address, are named."""
BITS = 32
STATEMENTS_KEPT = 64


@dataclass(frozen=True)
class KeyName:
    id: str
    name: str


def keys_allowing(
    session: Session, address_ids: Sequence[str], *, most: int = NAMED_MAX
) -> defaultdict[str, list[KeyName]]:
    """By the address's id: at most so many keys that allow it, by name."""
    found: defaultdict[str, set[KeyName]] = defaultdict(set)
    sizes = sizes_of_ranges(session) if address_ids else []
    if sizes:
        with_ranges = _with_ranges(tuple(sizes), most)
        for address_id, *key in with_ranges.rows(session, ids=list(address_ids)):
            found[address_id].add(KeyName(*key))
    by_name = defaultdict(list)
    for address_id, keys in found.items():
        by_name[address_id] = sorted(keys, key=lambda key: key.name)[:most]
    return by_name


def keys_naming(session: Session, address: Address) -> list[Key]:
    """The keys that allow exactly this address, not only a range around it, by name."""
    named = select(col(KeyRange.key_id)).where(
        col(KeyRange.prefix) == BITS, col(KeyRange.first) == address.ip_number
    )
    query = select(Key).where(col(Key.id).in_(named)).order_by(col(Key.name))
    return list(session.execute(query.limit(NAMED_MAX)).scalars())


def sizes_of_ranges(session: Session) -> list[int]:
    """How many bits the ranges that there are share, without reading all ranges."""
    return [size for (size,) in _sizes().rows(session)]


@cache
def _sizes() -> Query:
    first = select(func.min(KeyRange.prefix).label("prefix")).cte("sizes", recursive=True)
    next_one = (
        select(func.min(KeyRange.prefix))
        .where(col(KeyRange.prefix) > first.c.prefix)
        .scalar_subquery()
    )
    sizes = first.union_all(select(next_one).where(first.c.prefix.is_not(None)))
    return Query(select(sizes.c.prefix).where(sizes.c.prefix.is_not(None)), raw=True)


@lru_cache(STATEMENTS_KEPT)
def _with_ranges(sizes: tuple[int, ...], most: int) -> Query:
    return Query(union_all(*(_with_ranges_of(prefix, most) for prefix in sizes)))


def ranges_around(prefix: int, most: int) -> Any:
    """Selects the ids of ranges of that size with an address in them, so many at most."""
    size, number = 2 ** (BITS - prefix), col(Address.ip_number)
    one: Any = aliased(KeyRange)
    there = one.first == number - number % literal(size)
    found = select(one.id).where(one.prefix == literal(prefix), there).order_by(one.id)
    return found.limit(most).correlate(Address).scalar_subquery()


def _with_ranges_of(prefix: int, most: int) -> Select[Any]:
    """Selects the addresses' ids with the keys that allow them by a range of that size."""
    columns: list[Any] = [Address.id, Key.id, Key.name]
    return (
        select(*columns)
        .join_from(Address, KeyRange, among(KeyRange.id, ranges_around(prefix, most)))
        .join(Key, col(Key.id) == col(KeyRange.key_id))
        .where(col(Address.id).in_(bindparam("ids", expanding=True)))
    )
