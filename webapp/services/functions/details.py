"""Functions as pages and the API show them: a row with all that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from webapp.database.queries import Query
from webapp.errors import NotFound
from webapp.models import Access, Address, Caller, Function, Key, Network, Proof, Snapshot
from webapp.models.reading import Together
from webapp.services.addresses import pool
from webapp.services.engine.progress import Progress, is_just_ready, progress_of
from webapp.services.functions import previews
from webapp.services.functions.catalogue.templates import Template, template_of
from webapp.services.inspection import health, proofs
from webapp.services.inspection.health import Health

TYPICAL_S = 60
"""How long AWS takes for a function, until this installation has created one."""
_FUNCTION = Together(
    Function,
    col(Function.name) == bindparam("name"),
    joins={
        Network: col(Network.id) == col(Function.network_id),
        Key: col(Key.id) == col(Function.key_id),
    },
)
_CALLERS = Query(select(func.count()).where(col(Caller.function_id) == bindparam("id")))


@dataclass(frozen=True)
class FunctionDetail:
    """`snapshot` is the newest good one; `failure` the newest of all, if it is a failure.

    `progress` is None when nothing is under way. The number of `callers` is None in a list, and
    where callers have no keys.
    """

    function: Function
    network: Network
    key: Key
    template: Template
    snapshot: Snapshot | None
    failure: Snapshot | None
    addresses: list[Address]
    proofs: list[Proof]
    progress: Progress | None = None
    callers: int | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is about to change. A function fetches right after it becomes ready."""
        unfetched = self.snapshot is None and self.failure is None
        return self.function.status.settled and not (unfetched and is_just_ready(self.function))

    @cached_property
    def health(self) -> Health:
        of_its_network = health.of_network(self.network, self.addresses, self.proofs)
        return health.of_function(
            self.function, self.network, of_its_network, failed=self.failure is not None
        )

    @cached_property
    def broken_zones(self) -> list[str]:
        """Of its network."""
        return health.broken_zones(self.network, self.proofs)


def find(session: Session, name: str) -> Function | None:
    return session.exec(select(Function).where(Function.name == name)).first()


def get(session: Session, name: str) -> Function:
    function = find(session, name)
    if function is None:
        raise _none(name)
    return function


def detail(session: Session, name: str) -> FunctionDetail:
    """Of rows that cannot be changed. Raises NotFound."""
    found = _FUNCTION.first(session, name=name)
    if found is None:
        raise _none(name)
    function, network, key = found
    snapshot, failure = previews.last_of(session, function)
    is_busy = not function.status.settled
    return FunctionDetail(
        function=function,
        network=network,
        key=key,
        template=template_of(function.template),
        snapshot=snapshot,
        failure=failure,
        addresses=pool.read(session, network.id),
        proofs=proofs.latest_of(session, network.id),
        progress=progress_of(session, function, typical_s=TYPICAL_S) if is_busy else None,
        callers=_count_callers(session, function),
    )


def network_of(session: Session, function: Function) -> Network:
    return session.get_one(Network, function.network_id)


def details_of(session: Session, rows: Sequence[Function]) -> list[FunctionDetail]:
    """Takes as many queries as for one function."""
    mine = col(Network.id).in_({function.network_id for function in rows})
    network_by_id = {row.id: row for row in session.exec(select(Network).where(mine))}
    theirs = col(Key.id).in_({function.key_id for function in rows})
    key_by_id = {row.id: row for row in session.exec(select(Key).where(theirs))}
    used = pool.by_network(session, col(Address.network_id).in_(network_by_id))
    proven = proofs.latest_by_network(session, col(Proof.network_id).in_(network_by_id))
    ids = [function.id for function in rows]
    fetched = previews.latest_by_function(session, col(Snapshot.function_id).in_(ids))
    details = []
    for function in rows:
        snapshot, failure = fetched.get(function.id, (None, None))
        details.append(
            FunctionDetail(
                function=function,
                network=network_by_id[function.network_id],
                key=key_by_id[function.key_id],
                template=template_of(function.template),
                snapshot=snapshot,
                failure=failure,
                addresses=used[function.network_id],
                proofs=proven[function.network_id],
            )
        )
    return details


def _count_callers(session: Session, function: Function) -> int | None:
    if function.access is not Access.API_KEY:
        return None
    (number,) = _CALLERS.scalars(session, id=function.id)
    return int(number)


def _none(name: str) -> NotFound:
    return NotFound(f"There is no function named {name}.", remedy="It may have been deleted.")
