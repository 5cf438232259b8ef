"""A mark for each page that is watched: another one after every change of what the page shows.

However many pages there are, it is the same few statements, and no page is read whole for it.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from webapp.models import Address, Function, Network, Proof, Snapshot, StackEvent
from webapp.services.keys import uses

Key = tuple[str, str]
"""The folder of a page, `networks` or `functions`, and the name of what it shows."""
Marks = dict[Key, Hashable]


def marks_of(session: Session, keys: Collection[Key]) -> Marks:
    """Those of what exists."""
    function = select(Function.id, Function.name, Function.version, Function.network_id)
    functions = session.exec(function.where(_in(Function.name, _names(keys, "functions")))).all()
    wanted = _in(Network.name, _names(keys, "networks"))
    wanted |= _in(Network.id, {network_id for *_, network_id in functions})
    networks = session.exec(select(Network.id, Network.name, Network.version).where(wanted)).all()
    ids = [id for id, *_ in networks]
    seen, users = _seen_of_networks(session, ids), uses.in_networks(session, ids)
    fetched = _newest(session, Snapshot.function_id, Snapshot.fetched_at, [f[0] for f in functions])
    owners = [f"network:{id}" for id, *_ in networks]
    owners += [f"function:{id}" for id, *_ in functions]
    told = _newest(session, StackEvent.owner, StackEvent.id, owners)
    marks: Marks = {}
    for id, name, version in networks:
        seen[id].append(version)
        shown = (*users[id], users[id].more, told.get(f"network:{id}"))
        marks["networks", name] = (id, *seen[id], *shown)
    for id, name, version, network_id in functions:
        own = (id, version, fetched.get(id), told.get(f"function:{id}"))
        marks["functions", name] = (*own, network_id, *seen[network_id])
    return marks


def _names(keys: Collection[Key], folder: str) -> list[str]:
    return [name for kind, name in keys if kind == folder]


def _seen_of_networks(session: Session, ids: list[str]) -> defaultdict[str, list[Any]]:
    """What pages of networks and of functions in them show beside the rows: addresses, proofs."""
    seen: defaultdict[str, list[Any]] = defaultdict(list)
    address = _select(Address.network_id, Address.id, Address.version).order_by(Address.id)
    for network_id, *row in session.exec(address.where(_in(Address.network_id, ids))):
        seen[network_id].append(tuple(row))
    for network_id, at in _newest(session, Proof.network_id, Proof.at, ids).items():
        seen[network_id].append(at)
    return seen


def _newest(session: Session, owner: Any, value: Any, owners: list[str]) -> dict[str, Any]:
    """The largest value of each of the owners that has one."""
    found = _select(owner, func.max(value)).where(_in(owner, owners)).group_by(owner)
    return dict(session.exec(found).all())


def _in(column: Any, wanted: Collection[str]) -> ColumnElement[bool]:
    return col(column).in_(wanted)


def _select(*columns: Any) -> Any:
    """Of rows that are compared as they are: their types do not matter."""
    return select(*columns)
