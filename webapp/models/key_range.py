"""A range of addresses that a key allows, by its own claims: kept beside them, to be searched.

Whether a key allows an address is asked in both directions and of many rows at once. A range of
CIDR notation begins at a multiple of its size, so those that have an address in them are found by
one look per size, whatever their number. Addresses here are IPv4, so ranges of IPv6 allow nothing.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from sqlalchemy import BigInteger, Connection, Index, delete, event, insert, inspect
from sqlalchemy.orm import Mapper
from sqlmodel import Field, SQLModel, col

from webapp.models.key import Key
from webapp.models.texts import ID_MAX, sized


class KeyRange(SQLModel, table=True):
    """Its first and last address, as numbers."""

    __tablename__ = "key_range"
    __table_args__ = (Index("ix_key_range_first", "prefix", "first"),)

    id: int | None = Field(default=None, primary_key=True)
    key_id: str = Field(sa_type=sized(ID_MAX), foreign_key="key.id", index=True, ondelete="CASCADE")
    prefix: int = Field(description="How many bits all its addresses share")
    first: int = Field(sa_type=BigInteger)
    last: int = Field(sa_type=BigInteger)


def ranges_of(claims: Mapping[str, Any]) -> list[dict[str, int]]:
    """The columns of each range that the claims name; a text that is none is left out."""
    networks = set(filter(None, map(_network, claims.get("cidrs", []))))
    return [
        {
            "prefix": network.prefixlen,
            "first": int(network.network_address),
            "last": int(network.broadcast_address),
        }
        for network in sorted(networks)
    ]


def _network(cidr: str) -> IPv4Network | None:
    try:
        return IPv4Network(cidr.strip(), strict=False)
    except ValueError:
        return None


def _rows(key: Key) -> Iterator[dict[str, Any]]:
    for columns in ranges_of(key.claims):
        yield {"key_id": key.id, **columns}


def _add(_mapper: Mapper[Key], connection: Connection, key: Key) -> None:
    if rows := [*_rows(key)]:
        connection.execute(insert(KeyRange), rows)


def _replace(mapper: Mapper[Key], connection: Connection, key: Key) -> None:
    if inspect(key).attrs.claims.history.has_changes():
        connection.execute(delete(KeyRange).where(col(KeyRange.key_id) == key.id))
        _add(mapper, connection, key)


event.listen(Key, "after_insert", _add)
event.listen(Key, "after_update", _replace)
