"""A mark for each page that is watched: another one after every change of what the page shows.

However many pages there are, it is the same few statements, and no page is read whole for it.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from webapp.models import Address, Function, Network, Proof, Snapshot, StackEvent
from webapp.models.function import in_networks

Key = tuple[str, str]
"""The folder of a page, `networks` or `functions`, and the name of what it shows."""
Marks = dict[Key, Hashable]


def marks_of(session: Session, keys: Collection[Key]) -> Marks:
    """Those of what exists."""
    function = select(Function.id, Function.name, Function.network_id)
    functions = session.exec(function.where(_in(Function.name, _names(keys, "functions")))).all()
    wanted = _in(Network.name, _names(keys, "networks"))
    wanted |= _in(Network.id, {network_id for _, _, network_id in functions})
    networks = session.exec(select(Network.id, Network.name, Network.version).where(wanted)).all()
    seen = _seen_of_networks(session, [id for id, _, _ in networks])
    fetched = _newest(session, Snapshot.function_id, Snapshot.fetched_at, [f[0] for f in functions])
    owners = [f"network:{id}" for id, *_ in networks]
    owners += [f"function:{id}" for id, *_ in functions]
    told = _newest(session, StackEvent.owner, StackEvent.id, owners)
    marks: Marks = {}
    for id, name, version in networks:
        seen[id].append(version)
        marks["networks", name] = (id, *seen[id], told.get(f"network:{id}"))
    for id, name, network_id in functions:
        own = (id, fetched.get(id), told.get(f"function:{id}"))
        marks["functions", name] = (*own, network_id, *seen[network_id])
    return marks


def _names(keys: Collection[Key], folder: str) -> list[str]:
    return [name for kind, name in keys if kind == folder]


def _seen_of_networks(session: Session, ids: list[str]) -> defaultdict[str, list[Any]]:
    """What pages show of networks beside their own rows: functions, addresses, proofs."""
    seen: defaultdict[str, list[Any]] = defaultdict(list)
    used_by = (Function.id, Function.version, Function.network_id, col(Function.next_network_id))
    for function in session.exec(_select(*used_by).where(in_networks(ids)).order_by(Function.id)):
        for network_id in {*function[2:]} - {None}:
            seen[network_id].append(function)
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
