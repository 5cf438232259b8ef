"""Orphans: what is tagged ours in AWS and no row here knows, so that nobody sees what it costs.

After a lost database, say, or when a deletion left something behind. An address can be adopted. A
stack cannot: what its network or function was like, its key say, is not in the stack. It can be
deleted, and its addresses stay.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.templates import FunctionStack, NetworkStack
from webapp.aws.inventory import ADDRESS, NAT_GATEWAY, STACK, Found
from webapp.errors import Conflict, EgretError, NotFound
from webapp.models import Address, Function, Network
from webapp.models.costs import monthly_usd
from webapp.services import audit
from webapp.services.addresses import adoption
from webapp.services.names import check_typed
from webapp.settings import Settings

READERS = 8


@dataclass(frozen=True)
class Orphan:
    found: Found
    monthly_cost_usd: float

    @property
    def adoptable(self) -> bool:
        return self.found.kind == ADDRESS and not self.found.busy

    @property
    def deletable(self) -> bool:
        return not self.found.busy


@dataclass(frozen=True)
class Orphans:
    """`unread`: regions that did not answer, each with why."""

    orphans: list[Orphan]
    unread: dict[str, str]

    @property
    def monthly_cost_usd(self) -> float:
        return round(sum(orphan.monthly_cost_usd for orphan in self.orphans), 2)


def find(session: Session, cloud: Cloud, settings: Settings) -> Orphans:
    """Look in every region, all at once."""
    regions = settings.region_names
    with ThreadPoolExecutor(READERS) as pool:
        answers = list(pool.map(lambda region: _read(cloud, region), regions))
    orphans: list[Orphan] = []
    unread = {}
    for region, answer in zip(regions, answers, strict=True):
        if isinstance(answer, EgretError):
            unread[region] = answer.detail
        else:
            orphans += _orphans(session, settings, region, answer)
    return Orphans(orphans, unread)


def adopt(
    session: Session, cloud: Cloud, settings: Settings, *, actor: str, region: str, id: str
) -> Address:
    """Make an orphaned address a free one of ours."""
    orphan = _get(session, cloud, settings, region=region, kind=ADDRESS, id=id)
    return adoption.adopt(
        session, cloud, settings, actor=actor, region=region, wanted=orphan.found.id
    )


def delete(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    region: str,
    kind: str,
    id: str,
    typed: str,
) -> None:
    """Delete it, typed exactly. It is looked for again first: a row may know it by now."""
    orphan = _get(session, cloud, settings, region=region, kind=kind, id=id)
    check_typed(typed, orphan.found.name, "deleted")
    if not orphan.deletable:
        raise Conflict(
            f"{orphan.found.name} is in use, or being deleted already.",
            code="orphan_in_use",
            remedy="Delete what uses it first.",
        )
    audit.record(
        session,
        actor=actor,
        action="delete orphan",
        noun=kind,
        name=orphan.found.name,
        detail=f"{id} in {region}",
    )
    session.commit()
    cloud.inventory.delete(orphan.found)


def _read(cloud: Cloud, region: str) -> list[Found] | EgretError:
    try:
        return cloud.inventory.read(region)
    except EgretError as error:
        return error


def _get(
    session: Session, cloud: Cloud, settings: Settings, *, region: str, kind: str, id: str
) -> Orphan:
    known = region in settings.region_names
    found = cloud.inventory.read(region) if known else []
    for orphan in _orphans(session, settings, region, found):
        if (orphan.found.kind, orphan.found.id) == (kind, id):
            return orphan
    raise NotFound(
        f"{id} is no orphan in {region}.",
        code="no_orphan",
        remedy="It has gone, or it is known here by now. Look again.",
    )


def _orphans(session: Session, settings: Settings, region: str, found: list[Found]) -> list[Orphan]:
    rows, ids = session.exec(select(Address)).all(), _known_stacks(session, settings, region)
    allocations = {row.allocation_id for row in rows}
    of_rows = {row.id for row in rows}
    stacks = {each.name for each in found if each.kind == STACK}
    nats = [each for each in found if each.kind == NAT_GATEWAY]

    def is_orphan(each: Found) -> bool:
        if each.kind == ADDRESS:
            return each.id not in allocations and each.tags.get("egret:address") not in of_rows
        if each.kind == STACK:
            return each.name not in ids
        return each.stack_name not in stacks | ids

    return [_orphan(each, nats) for each in found if is_orphan(each)]


def _orphan(found: Found, nats: list[Found]) -> Orphan:
    """A stack costs what its NAT gateways do; what is in it is not listed again."""
    if found.kind == STACK:
        inside = sum(nat.stack_name == found.name for nat in nats)
        return Orphan(found, monthly_usd(nat_gateways=inside, addresses=0))
    is_nat, is_address = found.kind == NAT_GATEWAY, found.kind == ADDRESS
    return Orphan(found, monthly_usd(nat_gateways=int(is_nat), addresses=int(is_address)))


def _known_stacks(session: Session, settings: Settings, region: str) -> set[str]:
    """The region's by name, because a stack that is just being made has no id in its row yet."""
    prefix = settings.name_prefix
    networks = session.exec(select(Network.name).where(Network.region == region)).all()
    theirs = select(Function.name).join(Network, col(Network.id) == Function.network_id)
    functions = session.exec(theirs.where(Network.region == region)).all()
    return {NetworkStack.stack_name(prefix, name) for name in networks} | {
        FunctionStack.stack_name(prefix, name) for name in functions
    }
