"""Functions: their rules. What happens in the background is in `function_steps`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.functions import Invocation, LogLine
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Access, Address, Function, Key, Network, Proof, Snapshot, Status
from webapp.services import audit, keys
from webapp.services.addresses import pool as addresses
from webapp.services.engine import stacks as stack_work
from webapp.services.engine.conflicts import joined
from webapp.services.engine.progress import Progress, progress_of
from webapp.services.functions import operation as function_steps
from webapp.services.functions import previews
from webapp.services.functions.operation import lags, network_of
from webapp.services.functions.templates import Template, get_template, validate
from webapp.services.inspection import proofs
from webapp.services.names import add_named, check_name, check_typed
from webapp.services.networks import lifecycle as networks
from webapp.settings import Settings

TYPICAL_S = 60
"""How long AWS takes for a function when this installation has not made one yet."""
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
CORS_ORIGINS_MAX = 1
"""API Gateway's own answers, a 403 say, can name one origin only."""


@dataclass(frozen=True)
class FunctionDetail:
    """`snapshot` is the last good one; `failure` the latest attempt, if it failed after that.

    `progress` is None in a list.
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

    @property
    def settled(self) -> bool:
        """Whether nothing is about to change: what has just become ready fetches next."""
        unfetched = self.snapshot is None and self.failure is None
        fetching = unfetched and stack_work.is_fresh(self.function)
        return self.function.status.settled and not fetching


def list_all(session: Session) -> list[FunctionDetail]:
    """All of them, by as many queries as for one."""
    return _details(session, session.exec(select(Function).order_by(col(Function.name))).all())


def find(session: Session, name: str) -> Function | None:
    return session.exec(select(Function).where(Function.name == name)).first()


def get(session: Session, name: str) -> Function:
    function = find(session, name)
    if function is None:
        raise NotFound(f"There is no function named {name}.", remedy="It may have been deleted.")
    return function


def detail(session: Session, name: str) -> FunctionDetail:
    (found,) = _details(session, [get(session, name)])
    return replace(found, progress=progress_of(session, found.function, typical_s=TYPICAL_S))


@joined
def create(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    name: str,
    template: str,
    network: str,
    key: str,
    values: dict[str, Any],
    access: Access = Access.API_KEY,
    cors_origins: list[str] | None = None,
    environment: str = "",
) -> Function:
    """Refuse what cannot work before anything is made; then commit the intent and begin."""
    check_name(name)
    chosen = get_template(template)
    in_network, with_key = _ready(session, network), keys.get(session, key)
    _check_match(session, with_key, in_network)
    function = Function(
        name=name,
        template=chosen.name,
        environment=environment,
        network_id=in_network.id,
        key_id=with_key.id,
        settings=validate(chosen, values),
        access=access,
        cors_origins=[_origin(origin) for origin in (cors_origins or [])[:CORS_ORIGINS_MAX]],
    )
    flag_modified(in_network, "status")  # or else it could be deleted in the same moment
    add_named(session, function)
    audit.record(session, actor=actor, action="create", noun="function", name=name)
    function_steps.begin(session, cloud, settings, function)
    return function


@joined
def retry(session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str) -> Function:
    """Another attempt at what failed: to make it, to delete it, or to follow its network."""
    function = get(session, name)
    if function.status in (*stack_work.ATTEMPTED, Status.UPDATING):
        return function
    if function.status is Status.FAILED and function.unwanted:
        return destroy(session, cloud, settings, actor=actor, name=name, typed=name)
    follows = function.status is Status.READY and lags(function, network_of(session, function))
    if function.status is not Status.FAILED and not follows:
        raise Conflict(
            f"The function {name} is {function.status}; only a failed one is tried again."
        )
    stack_work.request(function, Status.UPDATING if follows else Status.REQUESTED)
    audit.record(session, actor=actor, action="retry", noun="function", name=name)
    function_steps.begin(session, cloud, settings, function)
    return function


@joined
def destroy(
    session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str, typed: str
) -> Function:
    """Delete the function's stack, and with it its endpoint and its snapshots."""
    function = get(session, name)
    check_typed(typed, name, "deleted")
    if function.status is not Status.DELETING:
        stack_work.request(function, Status.DELETING)
        audit.record(session, actor=actor, action="delete", noun="function", name=name)
        function_steps.begin(session, cloud, settings, function)
    return function


def invoke(session: Session, cloud: Cloud, name: str) -> Invocation:
    """Run it now; the answer is what the function returned."""
    function = get(session, name)
    network = network_of(session, function)
    return cloud.functions.invoke(network.region, previews.lambda_name(function))


def logs(session: Session, cloud: Cloud, name: str) -> list[LogLine]:
    function = get(session, name)
    network = network_of(session, function)
    return cloud.functions.logs(network.region, previews.lambda_name(function))


def api_key(session: Session, cloud: Cloud, *, actor: str, name: str) -> str:
    """The value that callers of the endpoint send as `x-api-key`. It is not stored here."""
    function = get(session, name)
    api_key_id = function.outputs.get("ApiKeyId", "")
    if function.access is not Access.API_KEY or not api_key_id:
        raise Conflict(f"The endpoint of {name} has no API key (access: {function.access}).")
    audit.record(session, actor=actor, action="read API key", noun="function", name=name)
    session.commit()
    return cloud.functions.api_key(network_of(session, function).region, api_key_id)


def curl(function: Function) -> str:
    """A command line that calls the endpoint, for copying; '' while there is none."""
    if not function.endpoint_url:
        return ""
    by_access = {
        Access.API_KEY: ' -H "x-api-key: $EGRET_API_KEY"',
        Access.IAM: ' --aws-sigv4 "aws:amz:$AWS_REGION:execute-api"'
        ' --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
        Access.OPEN: "",
    }
    return f"curl{by_access[function.access]} {function.endpoint_url}"


def access_named(text: str) -> Access:
    try:
        return Access(text)
    except ValueError:
        raise Invalid("Choose who may call the endpoint.", field="access") from None


def _details(session: Session, rows: Sequence[Function]) -> list[FunctionDetail]:
    mine = col(Network.id).in_({function.network_id for function in rows})
    network_by_id = {row.id: row for row in session.exec(select(Network).where(mine))}
    theirs = col(Key.id).in_({function.key_id for function in rows})
    key_by_id = {row.id: row for row in session.exec(select(Key).where(theirs))}
    used = addresses.by_network(session, col(Address.network_id).in_(network_by_id))
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
                template=get_template(function.template),
                snapshot=snapshot,
                failure=failure,
                addresses=used[function.network_id],
                proofs=proven[function.network_id],
            )
        )
    return details


def _ready(session: Session, name: str) -> Network:
    network = networks.get(session, name)
    if network.status is not Status.READY:
        raise Conflict(
            f"The network {name} is {network.status}.",
            code="network_not_ready",
            remedy="Wait until it is ready, or choose another one.",
            errors={"network": f"This network is {network.status}, not ready."},
        )
    return network


def _check_match(session: Session, key: Key, network: Network) -> None:
    found = keys.match(session, key, network)
    if not found.ok:
        raise Conflict(
            f"The key {key.name} does not allow {', '.join(found.missing)}, from which the network "
            f"{network.name} calls. The partner would answer 403 to every call.",
            code="key_does_not_match",
            remedy="Make a key in the partner's portal that allows: "
            f"{' '.join(found.paste.split())}, and upload it.",
            errors={"key": f"This key does not allow {', '.join(found.missing)}."},
        )


def _origin(text: str) -> str:
    """A web origin such as https://example.com, or Invalid."""
    wanted = text.strip()
    if not ORIGIN.fullmatch(wanted):
        raise Invalid(
            f"{text!r} is not an origin. Write it like https://example.com, without a path.",
            field="cors_origins",
        )
    return wanted
