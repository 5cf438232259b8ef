"""What people do with a function: create it, try again, delete it.

Each service checks its rules and commits an intent; `operation` carries it out.
"""

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session

from webapp.errors import Conflict, check_all
from webapp.models import Function, Key, Network, NewFunction, Status
from webapp.partners import kind_of
from webapp.scope import CloudScope
from webapp.services import accounts, keys, names
from webapp.services.addresses import pool
from webapp.services.engine.intents import UNDER_WAY, intend, retry_on_conflict
from webapp.services.functions import origins, paths
from webapp.services.functions.catalogue.templates import Template, get_template, validate
from webapp.services.functions.details import get, network_of
from webapp.services.functions.operation import FunctionOperation, lags
from webapp.services.functions.revisions import code
from webapp.services.functions.revisions import rows as revisions
from webapp.services.networks.details import get as get_network


@retry_on_conflict
def create(scope: CloudScope, new: NewFunction) -> Function:
    """Refuse what cannot work before anything is created; then commit the intent and begin.

    Raises Invalid with every field's error, Conflict for a taken name, a network that is not ready
    and a key that does not allow the network's addresses.
    """
    session, template = scope.session, get_template(new.template)
    check_fields(template, new)
    code.check(template.name, template.handler)
    names.check_free(session, Function, new.name)
    ready_network(session, new.network)
    with keys.claims_held(session, keys.get(session, new.key).id) as key:
        network = ready_network(session, new.network)
        check_kind(template, key)
        check_match(session, key, network)
        function = Function(
            name=new.name,
            template=template.name,
            account_id=network.account_id,
            environment=new.environment,
            network_id=network.id,
            key_id=key.id,
            settings=validate(template, new.settings),
            access=new.access,
            cors_origins=origins.normalised(new.cors_origins),
            stage=new.stage,
            path=paths.normalised_path(new.path),
            memory_mb=template.memory_mb,
            timeout_s=template.timeout_s,
        )
        flag_modified(network, "status")  # a deletion of it at the same moment now conflicts
        names.add_named(session, function)
        revisions.add_first(session, function, template, actor=scope.actor)
        scope.record("create", function)
    FunctionOperation.begin(scope, function)
    return function


def check_fields(template: Template, new: NewFunction) -> None:
    """Raises Invalid with the error of every field that breaks a rule."""
    check_all(
        lambda: names.check_name(new.name),
        lambda: validate(template, new.settings),
        lambda: origins.normalised(new.cors_origins),
        lambda: names.check_environment(new.environment),
        lambda: paths.check_stage(new.stage),
        lambda: paths.normalised_path(new.path),
    )


@retry_on_conflict
def retry(scope: CloudScope, name: str) -> Function:
    """Try again what failed: creating it, deleting it, or following its network to a new zone."""
    function = get(scope.session, name)
    if function.status in (*UNDER_WAY, Status.UPDATING):
        return function
    if function.status is Status.FAILED and function.unwanted:
        return delete(scope, name, typed=name)
    network = network_of(scope.session, function)
    follows = function.status is Status.READY and lags(function, network)
    if function.status is not Status.FAILED and not follows:
        raise Conflict(
            f"The function {name} is {function.status}; only a failed one can be retried.",
            about=[function],
        )
    was_changing = bool(function.outputs) and revisions.pending(scope.session, function)
    intend(function, Status.UPDATING if follows or was_changing else Status.REQUESTED)
    scope.record("retry", function)
    FunctionOperation.begin(scope, function)
    return function


@retry_on_conflict
def delete(scope: CloudScope, name: str, *, typed: str) -> Function:
    """Delete the function's stack, and with it its endpoint and its snapshots."""
    function = get(scope.session, name)
    names.check_typed(typed, name, "deleted")
    if function.status is not Status.DELETING:
        intend(function, Status.DELETING)
        scope.record("delete", function)
        FunctionOperation.begin(scope, function)
    return function


def ready_network(session: Session, name: str) -> Network:
    """The network, or Conflict while it is not ready for a function."""
    network = get_network(session, name)
    if network.status is not Status.READY:
        raise Conflict(
            f"The network {name} is {network.status}.",
            code="network_not_ready",
            remedy="Wait until it is ready, or choose another one.",
            about=[network],
            errors={"network": f"This network is {network.status}, not ready."},
        )
    return network


def check_kind(template: Template, key: Key) -> None:
    """Raises Conflict for a key that the template's handler cannot send."""
    kind = kind_of(key.partner, key.sent_by).name
    if template.key_kinds and kind not in template.key_kinds:
        known = ", ".join(template.key_kinds)
        raise Conflict(
            f"The key {key.name} is of the kind {kind}, which the template {template.name} does "
            "not accept.",
            code="wrong_kind_of_key",
            remedy=f"Choose a key of the kind {known}, or upload one.",
            about=[key],
            errors={"key": f"This key is of the kind {kind}. The template accepts: {known}."},
        )


def check_match(session: Session, key: Key, network: Network) -> None:
    """Raises Conflict when the key is not stored, or does not allow the network's addresses; and
    Invalid when they are in different accounts."""
    accounts.check_same(session, key, network)
    if key.status is not Status.READY:
        raise Conflict(
            f"The key {key.name} is not stored yet, or is being deleted.",
            code="key_not_ready",
            remedy="Wait a minute, or choose another one.",
            about=[key],
            errors={"key": f"This key is {key.status}, not ready."},
        )
    found = keys.match(session, key, network)
    if not found.allowed and not found.missing:
        pool.check_none_lost(session, network)
    if not found.usable:
        lacking = f"does not allow {', '.join(found.missing)}"
        raise Conflict(
            f"The key {key.name} {lacking}, from which the network {network.name} calls. "
            "The partner would answer 403 to every call.",
            code="key_does_not_match",
            remedy=found.remedy,
            about=[key, network],
            errors={"key": f"This key {lacking}. {found.remedy}"},
        )
