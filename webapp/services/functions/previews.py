"""Previews: the partner's answers, fetched through a function and cached as snapshots.

A snapshot is byte for byte what the function returned. A failed answer is stored as well, as the
reason why the last good one is getting old; it never replaces that one.
"""

import hashlib
import json
import re
from datetime import UTC, datetime

from sqlalchemy import ColumnExpressionArgument, Update, bindparam, tuple_, update
from sqlmodel import Session, col, delete, func, select
from sqlmodel.sql.expression import SelectOfScalar

from webapp.aws import Cloud
from webapp.aws.errors import is_inconclusive
from webapp.aws.invocations import Invocation
from webapp.capacity.flights import flights
from webapp.db import now_s
from webapp.errors import Conflict, EgretError, NotFound
from webapp.models import Address, Function, Network, Snapshot, Status, utc_now
from webapp.models.reading import Reading
from webapp.partners import Explanation, max_age_s, partner
from webapp.partners.untrusted_json import shortened
from webapp.scope import CloudScope
from webapp.services.addresses import pool
from webapp.services.functions.catalogue.templates import template_of

SNAPSHOTS_KEPT = 20
PROBLEM_MAX_CHARS = 1_000
"""A partner's error, or a function's, may quote megabytes."""
JSON_TYPE = "application/json"
CHECK_THE_LOG = "Check its log."
CALLERS_GET_IT = (
    "Callers get the answer as it is, but only JSON makes a table. If the function's settings have "
    "a path that Egret itself calls, enter one that answers JSON."
)
PLAIN = re.compile(r"[ -~]{1,200}")
"""What may be sent as a header."""


_MINE = col(Snapshot.function_id) == bindparam("function_id")
_NEWEST_FIRST = col(Snapshot.fetched_at).desc()
_LAST = Reading(Snapshot, _MINE, order_by=_NEWEST_FIRST, limit=1)
_LAST_GOOD = Reading(Snapshot, _MINE, col(Snapshot.ok), order_by=_NEWEST_FIRST, limit=1)


def latest(session: Session, function: Function) -> tuple[Snapshot | None, Snapshot | None]:
    """The newest good snapshot, and the newest of all if it is a failure."""
    found = latest_by_function(session, col(Snapshot.function_id) == function.id)
    return found.get(function.id, (None, None))


def last_of(session: Session, function: Function) -> tuple[Snapshot | None, Snapshot | None]:
    """The same, of rows that cannot be changed."""
    last = _LAST.first(session, function_id=function.id)
    if last is None or last.ok:
        return last, None
    return _LAST_GOOD.first(session, function_id=function.id), last


def latest_by_function(
    session: Session, *conditions: ColumnExpressionArgument[bool]
) -> dict[str, tuple[Snapshot | None, Snapshot | None]]:
    """The same for all functions with snapshots, or those that meet the conditions, by id."""
    every, successes = _newest(*conditions), _newest(*conditions, col(Snapshot.ok))
    last = {snapshot.function_id: snapshot for snapshot in session.exec(every)}
    good = {snapshot.function_id: snapshot for snapshot in session.exec(successes)}
    return {id: (good.get(id), None if last[id].ok else last[id]) for id in last}


def cached(session: Session, function: Function) -> Snapshot:
    """The last good snapshot, or NotFound."""
    snapshot, failure = latest(session, function)
    if snapshot is None:
        raise NotFound(
            failure.problem if failure else f"{function.name} has not fetched anything yet.",
            code="no_snapshot",
            remedy=(failure.remedy if failure else "")
            or f"Fetch now: POST /api/v1/functions/{function.name}/snapshots",
        )
    return snapshot


def cached_version(session: Session, name: str) -> tuple[str, int] | None:
    """Another one whenever the function's preview may be; None without a good snapshot."""
    newest = (
        select(Snapshot.id, Function.version)
        .join(Function)
        .where(Function.name == name, col(Snapshot.ok))
        .order_by(col(Snapshot.fetched_at).desc())
        .limit(1)
    )
    found = session.exec(newest).first()
    return (found[0], found[1]) if found else None


def fetch(scope: CloudScope, function: Function) -> Snapshot:
    """Fetch through the function now. Raises Conflict while its network is parked.

    Raises an error of AWS, and stores nothing, as `store_answer` does.
    """
    network = scope.session.get_one(Network, function.network_id)
    if network.status is Status.PARKED:
        raise Conflict(
            f"The network {network.name} is parked, so no call gets out.",
            code="network_parked",
            remedy="Unpark the network; its addresses stay the same.",
            about=[network],
        )
    scope.record("fetch", function)
    scope.session.commit()
    return store_answer(scope.session, scope.cloud_of(network), function, region=network.region)


def store_answer(session: Session, cloud: Cloud, function: Function, *, region: str) -> Snapshot:
    """Fetch through the function, and store the answer whether it is good or not.

    All who want that while it is under way, on any replica, get the same answer. Raises an error of
    AWS, and stores nothing, if the function was not run for a reason that says nothing about it.
    One that was deleted outside Egret fails. Raises Conflict before it is ready.
    """
    name, function_id = lambda_name(function), function.id

    def landed(since_s: float) -> str | None:
        at = col(Snapshot.fetched_at) >= datetime.fromtimestamp(since_s, UTC)
        return session.exec(
            select(Snapshot.id).where(Snapshot.function_id == function_id, at)
        ).first()

    found = flights.join(
        session,
        f"{function_id}:{function.revision}",
        fly=lambda: _store_answer(session, cloud, function, region=region, name=name),
        landed=landed,
    )
    snapshot = session.get(Snapshot, found)
    if snapshot is None:
        raise NotFound("The function has just been deleted.", remedy="Nothing is left to do.")
    return snapshot


def _store_answer(
    session: Session, cloud: Cloud, function: Function, *, region: str, name: str
) -> str:
    """The id of the new snapshot.

    Its time is the database's: replicas' clocks differ, and the newest is what counts.
    """
    try:
        snapshot = _snapshot(session, function, cloud.functions.invoke(region, name))
    except EgretError as error:
        if is_inconclusive(error):
            raise
        snapshot = _failure(function, error.detail, error.remedy)
    snapshot.fetched_at = datetime.fromtimestamp(session.exec(select(now_s())).one(), UTC)
    session.add(snapshot)
    session.connection().execute(_look_again(function))
    session.commit()
    _prune(session, function)
    return snapshot.id


def _look_again(function: Function) -> Update:
    """When it is called next depends on this answer. No change of the function itself."""
    return update(Function).where(col(Function.id) == function.id).values(look_at=utc_now())


def lambda_name(function: Function) -> str:
    """The function's name in AWS Lambda. Raises Conflict while it cannot be run."""
    if function.status not in (Status.READY, Status.UPDATING) or not function.lambda_name:
        raise Conflict(
            f"The function {function.name} is {function.status}.",
            code="function_not_ready",
            remedy="Wait until it is ready.",
            about=[function],
        )
    return function.lambda_name


def concerns_key(function: Function, failure: Snapshot | None) -> bool:
    """Whether the partner has read the key and refused it."""
    if failure is None or failure.upstream_status is None:
        return False
    template = template_of(function.template)
    adapter = partner(template.partner)
    return adapter.explain(failure.upstream_status, {}, failure.body).about_key


def _newest(*conditions: ColumnExpressionArgument[bool]) -> SelectOfScalar[Snapshot]:
    """The newest snapshot of each function."""
    of = col(Snapshot.function_id)
    newest = select(of, func.max(Snapshot.fetched_at)).where(*conditions).group_by(of)
    return select(Snapshot).where(*conditions, tuple_(of, col(Snapshot.fetched_at)).in_(newest))


def _snapshot(session: Session, function: Function, answer: Invocation) -> Snapshot:
    if answer.error:
        return _failure(function, f"The function failed: {answer.error}", CHECK_THE_LOG)
    if answer.status == 200 and not _is_json(answer.body):
        return _failure(function, *_without_json(answer))
    template = template_of(function.template)
    adapter, cache = partner(template.partner), template.cache
    said_s = max_age_s(answer.headers.get("cache-control", ""), default=cache.default_s)
    snapshot = Snapshot(
        function_id=function.id,
        ok=answer.status == 200,
        ttl_s=min(said_s, cache.max_s),
        upstream_status=_status(answer.headers.get("x-upstream-status")) or answer.status,
        egress_ip=_plain(answer.headers.get("x-egress-ip")),
        key_version=_plain(answer.headers.get("x-key-version")),
        content_type=_plain(answer.headers.get("content-type")) or JSON_TYPE,
        etag=hashlib.sha256(answer.body).hexdigest()[:32],
        body=answer.body,
    )
    if not snapshot.ok:
        why = adapter.explain(
            answer.status, _addresses_header(session, function) | answer.headers, answer.body
        )
        problem, snapshot.remedy = _explained(session, why)
        snapshot.problem = shortened(problem, PROBLEM_MAX_CHARS)
        snapshot.egress_ip = why.source_address or snapshot.egress_ip
    return snapshot


def _without_json(answer: Invocation) -> tuple[str, str]:
    """The problem and what to do: a handler may pass on what its partner answers, or be wrong."""
    if "x-upstream-status" not in answer.headers:
        return "The function returned 200 without valid JSON.", CHECK_THE_LOG
    kind = re.sub(r"[^\w/+.-].*", "", answer.headers.get("content-type", "")) or "no type"
    return f"The partner answered 200 without valid JSON ({kind}).", CALLERS_GET_IT


def _explained(session: Session, why: Explanation) -> tuple[str, str]:
    """The partner's error in plain words; for a wrong address, whose address it is."""
    problem = f"{why.title}. {why.detail or ''}".strip()
    if not why.source_address:
        return problem, why.what_to_do
    address = session.exec(select(Address).where(Address.public_ip == why.source_address)).first()
    network = session.get(Network, address.network_id or "") if address else None
    whose = f"the network {network.name}" if network else "no network here"
    return f"{problem} {why.source_address} belongs to {whose}.", why.what_to_do


def _addresses_header(session: Session, function: Function) -> dict[str, str]:
    """The network's addresses, for a call whose own is not known; not those that are lost."""
    used = pool.of_network(session, function.network_id)
    return {"x-egress-ip": ", ".join(address.own_ip for address in used if address.own_ip)}


def _failure(function: Function, problem: str, remedy: str) -> Snapshot:
    told = shortened(problem, PROBLEM_MAX_CHARS)
    return Snapshot(function_id=function.id, ok=False, problem=told, remedy=remedy)


def _prune(session: Session, function: Function) -> None:
    """Keep the newest snapshots, and always the last good one.

    What is deleted is named: another process may store one at any moment.
    """
    old = outdated(session, function)
    session.connection().execute(delete(Snapshot).where(col(Snapshot.id).in_(old)))
    session.commit()


def outdated(session: Session, function: Function) -> list[str]:
    """The ids of snapshots that are not needed any more."""
    good, _ = latest(session, function)
    older = (
        select(Snapshot.id)
        .where(Snapshot.function_id == function.id)
        .order_by(col(Snapshot.fetched_at).desc(), col(Snapshot.id))
        .offset(SNAPSHOTS_KEPT)
    )
    return [id for id in session.exec(older) if not good or id != good.id]


def _status(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch("[1-5][0-9]{2}", text) else None


def _plain(text: str | None) -> str | None:
    return text if text and PLAIN.fullmatch(text) else None


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
