"""Plans: the revision that a change would deploy, and what differs in it. Nothing is stored."""

from dataclasses import dataclass

from sqlmodel import Session

from webapp.errors import Conflict
from webapp.models import Function, FunctionChange, FunctionRevision, Key, Network, Status
from webapp.services import accounts, keys
from webapp.services.functions import lifecycle, origins
from webapp.services.functions.catalogue.templates import get_template, template_of
from webapp.services.functions.changes import fields
from webapp.services.functions.revisions import code
from webapp.services.functions.revisions import rows as revisions
from webapp.services.functions.revisions.differences import Difference, between, chosen, code_diff
from webapp.services.networks.details import get as get_network

NOT_COPIED = {"id", "status", "reason", "created_at", "actor", "copy_of"}


@dataclass(frozen=True)
class Planned:
    """`revision` is what would be deployed; None when nothing needs a deployment."""

    function: Function
    differences: list[Difference]
    revision: FunctionRevision | None = None


@dataclass(frozen=True)
class Newer:
    """The live revision with the code that its template has now, and how that differs."""

    revision: FunctionRevision
    code_diff: str


def newer_template(session: Session, function: Function) -> Newer | None:
    """None while the live revision has the code that its template has."""
    template = template_of(function.template)
    if template.is_missing or revisions.has_code_of(session, function, template):
        return None
    live = revisions.live(session, function)
    newest_revision = revisions.describe(session, function, template)
    return Newer(newest_revision, code_diff(live, newest_revision))


def of_change(session: Session, function: Function, wanted: FunctionChange) -> Planned:
    """Raises Conflict for a network or key that is not ready or does not fit."""
    labels = list(fields.label_differences(function, wanted))
    if function.leaving:
        raise _busy(function, "It is being deleted.")
    live = revisions.live(session, function)
    new = _revised(session, function, live, wanted)
    different = chosen(between(live, new))
    if not different:
        return Planned(function, labels)
    _check_idle(function)
    code.check(new.template, new.code)
    _check_place(session, live, new)
    return Planned(function, different + labels, new)


def of_copy(session: Session, function: Function, earlier: FunctionRevision) -> Planned:
    """Raises Conflict when it is live already, or its network or key is gone or does not fit;
    NotFound without its template, which says how its endpoint is called."""
    live, template = revisions.live(session, function), get_template(function.template)
    if earlier.number == live.number:
        raise Conflict(
            f"Revision {earlier.number} of {function.name} is live already.",
            code="revision_is_live",
            remedy="Choose another revision.",
            about=[function],
        )
    _check_idle(function)
    new = _copy_of(earlier)
    new.copy_of = earlier.number
    if not new.code:
        code.take(new, template)
    new.key_version = revisions.current_version(session, new.key_id)
    code.check(new.template, new.code)
    _check_place(session, live, new, always=True)
    return Planned(function, between(live, new), new)


def _revised(
    session: Session, function: Function, live: FunctionRevision, wanted: FunctionChange
) -> FunctionRevision:
    """The live revision with what is wanted; not stored."""
    template = get_template(function.template)
    new = _copy_of(live)
    new.access = wanted.access or live.access
    new.memory_mb, new.timeout_s = live.memory_mb, live.timeout_s
    if wanted.cors_origins is not None:
        new.cors_origins = origins.normalised(wanted.cors_origins)
    new.settings = fields.settings_of(template, live.settings, wanted)
    if wanted.template_version is not None:
        code.take(new, template)
        new.memory_mb = fields.within(template.memory, new.memory_mb)
        new.timeout_s = fields.within(template.timeout, new.timeout_s)
    new.memory_mb = wanted.memory_mb or new.memory_mb
    new.timeout_s = wanted.timeout_s or new.timeout_s
    if wanted.network is not None:
        network = get_network(session, wanted.network)
        new.network_id, new.network = network.id, network.name
    if wanted.key is not None:
        key = keys.get(session, wanted.key)
        new.key_id, new.key = key.id, key.name
    new.key_version = revisions.current_version(session, new.key_id)
    return new


def _copy_of(revision: FunctionRevision) -> FunctionRevision:
    return FunctionRevision(**revision.model_dump(exclude=NOT_COPIED))


def _check_idle(function: Function) -> None:
    if function.status is Status.UPDATING:
        raise _busy(function, "A change of it is under way.")
    if function.status is not Status.READY:
        raise _busy(function, f"It is {function.status}.")


def _busy(function: Function, why: str) -> Conflict:
    return Conflict(
        f"The function {function.name} cannot be changed now. {why}",
        code="change_under_way" if function.status is Status.UPDATING else "wrong_status",
        remedy="Try again if it failed; otherwise wait until it is ready.",
        about=[function],
    )


def _check_place(
    session: Session, live: FunctionRevision, new: FunctionRevision, *, always: bool = False
) -> None:
    """Where it will run and what it will call with: both there, and fitting together."""
    network, key = session.get(Network, new.network_id), session.get(Key, new.key_id)
    if network is None or key is None:
        raise gone(
            session.get_one(Function, new.function_id),
            new,
            f"network {new.network}" if network is None else f"key {new.key}",
        )
    moves = new.network_id != live.network_id
    if moves:
        accounts.check_same(session, network, session.get_one(Network, live.network_id))
        _check_region(session, live, network)
        lifecycle.ready_network(session, network.name)
    others = moves or always or new.key_id != live.key_id
    if others or new.code_hash != live.code_hash:
        lifecycle.check_kind(template_of(new.template), key)
    if others:
        lifecycle.check_match(session, key, network)


def gone(function: Function, revision: FunctionRevision, what: str) -> Conflict:
    """The error for a revision whose network or key was deleted."""
    return Conflict(
        f"Revision {revision.copy_of or revision.number} needs the {what}, which is deleted.",
        code="revision_needs_what_is_gone",
        remedy="Change the function instead, with a network and a key that are there.",
        link=(f"{function.page}/edit", "Edit the function"),
    )


def _check_region(session: Session, live: FunctionRevision, network: Network) -> None:
    region = session.get_one(Network, live.network_id).region
    if network.region != region:
        raise Conflict(
            f"The network {network.name} is in {network.region}, the function in {region}.",
            code="other_region",
            remedy="In another region its endpoint would have another URL. Create another "
            "function there.",
            link=("/functions/new", "New function"),
            errors={
                "network": f"Choose a network in {region}: elsewhere the endpoint would change."
            },
        )
