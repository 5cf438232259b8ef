"""The whitelist: a network's addresses in the formats that partners ask for, and who has them.

A partner is *sent* the addresses, and *confirms* that they are whitelisted; a person records both.
It is *seen* once a function has since got a good answer through one of these addresses, until a
newer call of the function fails.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from webapp.errors import Invalid, NotFound
from webapp.models import Function, Network, Snapshot, Whitelisting, folded, utc_now
from webapp.models.texts import PARTNER_MAX
from webapp.scope import Scope
from webapp.services import addresses, functions, networks
from webapp.services.functions import previews

Answer = tuple[datetime, str | None]
LINK_BYTES = 24
QR_SCALE = 4
QR_BORDER = 2


class Stage(StrEnum):
    SENT = "sent"
    CONFIRMED = "confirmed"
    SEEN = "seen"


@dataclass(frozen=True)
class Kit:
    """A network's addresses, including those of a pending change, to be whitelisted first."""

    network: str
    addresses: list[str]
    last_update: datetime

    @property
    def plain(self) -> str:
        return "\n".join(self.addresses)

    @property
    def cidrs(self) -> list[str]:
        return [f"{ip}/32" for ip in self.addresses]

    @property
    def comma_separated(self) -> str:
        return ", ".join(self.addresses)

    @property
    def published(self) -> dict[str, object]:
        """What the public link answers."""
        return {
            "addresses": self.addresses,
            "cidrs": self.cidrs,
            "last_update": self.last_update.isoformat(timespec="seconds"),
        }

    @property
    def json_text(self) -> str:
        return json.dumps({"network": self.network} | self.published, indent=2)

    @property
    def mail_subject(self) -> str:
        return f"Please whitelist our address{'es' if len(self.addresses) > 1 else ''}"

    @property
    def mail_body(self) -> str:
        return (
            "Hello,\n\nOur calls to your API come from the address"
            f"{'es' if len(self.addresses) > 1 else ''} below, and from no other. Please allow "
            f"{'them' if len(self.addresses) > 1 else 'it'}, and let us know when it is done.\n\n"
            f"{self.plain}\n\nThank you."
        )

    @property
    def mail_link(self) -> str:
        return f"mailto:?subject={quote(self.mail_subject)}&body={quote(self.mail_body)}"

    @property
    def qr_svg(self) -> str:
        """A QR code of the plain list, as an SVG to put into a page."""
        import segno

        code = segno.make(self.plain, micro=False)
        return code.svg_inline(scale=QR_SCALE, border=QR_BORDER, light="white")


@dataclass(frozen=True)
class WhitelistingDetail:
    """`missing`: addresses of the network that the partner was not sent.

    `failure` is the function's newest call since then, if it failed.
    """

    whitelisting: Whitelisting
    stage: Stage
    seen_at: datetime | None
    seen_ip: str | None
    failure: Snapshot | None
    function: Function | None
    missing: list[str]


@dataclass(frozen=True)
class _Calls:
    """Of the functions that partners are called by, by their ids: the good answers that are kept,
    with their times and addresses, newest first, and the newest call if it failed."""

    functions: Mapping[str, Function]
    answers: Mapping[str, Sequence[Answer]]
    failures: Mapping[str, Snapshot]


def kit(session: Session, network: Network) -> Kit:
    """The network's kit, without lost addresses: someone else may have them by now."""
    every = addresses.of_network(session, network.id)
    used = [address for address in every if address.own_ip]
    last_update = max([network.created_at, *(address.created_at for address in used)])
    return Kit(network.name, [address.own_ip for address in used], last_update)


def list_all(session: Session, network: Network) -> list[WhitelistingDetail]:
    """The network's partners, by name."""
    mine = select(Whitelisting).where(Whitelisting.network_id == network.id)
    rows = session.exec(mine.order_by(col(Whitelisting.partner))).all()
    now, calls = kit(session, network).addresses, _calls(session, rows)
    return [_detail(whitelisting, now, calls) for whitelisting in rows]


def send(scope: Scope, name: str, *, partner: str, function: str = "") -> Whitelisting:
    """Record that the partner was sent the addresses that the network has now."""
    session, partner = scope.session, partner.strip()
    network = networks.get(session, name)
    if not folded(partner) or len(partner) > PARTNER_MAX:
        raise Invalid(f"Enter a name of at most {PARTNER_MAX} characters.", field="partner")
    whitelisting = Whitelisting(
        network_id=network.id,
        function_id=_function_in(session, network, function) if function else None,
        partner=partner,
        partner_folded=folded(partner),
        addresses=_current(session, network),
    )
    _insert(session, network, whitelisting)
    _commit(scope, "send whitelist", network, partner)
    return whitelisting


def send_again(scope: Scope, name: str, whitelisting_id: str) -> Whitelisting:
    """Record that the partner was sent the current addresses; it has not confirmed them yet."""
    network, whitelisting = _find(scope.session, name, whitelisting_id)
    whitelisting.addresses = _current(scope.session, network)
    whitelisting.sent_at, whitelisting.confirmed_at = utc_now(), None
    _commit(scope, "send whitelist", network, whitelisting.partner)
    return whitelisting


def confirm(scope: Scope, name: str, whitelisting_id: str) -> Whitelisting:
    """Record that the partner has whitelisted them. Harmless twice."""
    network, whitelisting = _find(scope.session, name, whitelisting_id)
    whitelisting.confirmed_at = whitelisting.confirmed_at or utc_now()
    _commit(scope, "confirm whitelist", network, whitelisting.partner)
    return whitelisting


def forget(scope: Scope, name: str, whitelisting_id: str) -> str:
    """Remove the partner from the list. Nothing changes at the partner or in AWS.

    Returns the partner's name.
    """
    network, whitelisting = _find(scope.session, name, whitelisting_id)
    partner = whitelisting.partner
    scope.session.delete(whitelisting)
    _commit(scope, "forget whitelist", network, partner)
    return partner


def publish(scope: Scope, name: str) -> Network:
    """Create the public link, or keep the one that exists."""
    network = networks.get(scope.session, name)
    network.link = network.link or secrets.token_urlsafe(LINK_BYTES)
    _commit(scope, "publish whitelist", network)
    return network


def withdraw(scope: Scope, name: str) -> Network:
    """Remove the public link. It stops working for good: a new one is different."""
    network = networks.get(scope.session, name)
    network.link = None
    _commit(scope, "withdraw whitelist", network)
    return network


def published(session: Session, link: str) -> Kit:
    """The whitelist behind a public link. Raises NotFound."""
    network = session.exec(select(Network).where(Network.link == link)).first() if link else None
    if network is None:
        raise NotFound("There is no whitelist here.", remedy="Ask its owner for the new link.")
    return kit(session, network)


def _calls(session: Session, rows: Sequence[Whitelisting]) -> _Calls:
    ids = {row.function_id for row in rows if row.function_id}
    if not ids:
        return _Calls({}, {}, {})
    functions_of = session.exec(select(Function).where(col(Function.id).in_(ids)))
    of_these = col(Snapshot.function_id).in_(ids)
    good = select(Snapshot.function_id, Snapshot.fetched_at, Snapshot.egress_ip)
    good = good.where(of_these, col(Snapshot.ok)).order_by(col(Snapshot.fetched_at).desc())
    answers = defaultdict(list)
    for function_id, at, ip in session.exec(good):
        answers[function_id].append((at, ip))
    latest = previews.latest_by_function(session, of_these)
    failures = {id: failure for id, (_, failure) in latest.items() if failure}
    return _Calls({function.id: function for function in functions_of}, answers, failures)


def _detail(row: Whitelisting, now: Sequence[str], calls: _Calls) -> WhitelistingDetail:
    id = row.function_id or ""
    answer = _good_answer(row, calls.answers.get(id, ()))
    failure = calls.failures.get(id)
    if failure and failure.fetched_at < row.sent_at:
        failure = None
    stage = Stage.CONFIRMED if row.confirmed_at else Stage.SENT
    return WhitelistingDetail(
        whitelisting=row,
        stage=Stage.SEEN if answer and not failure else stage,
        seen_at=answer[0] if answer else None,
        seen_ip=answer[1] if answer else None,
        failure=failure,
        function=calls.functions.get(id),
        missing=[ip for ip in now if ip not in row.addresses],
    )


def _good_answer(row: Whitelisting, answers: Sequence[Answer]) -> Answer | None:
    """The newest one, since the sending, through one of the addresses sent."""
    seen = ((at, ip) for at, ip in answers if at >= row.sent_at and ip in row.addresses)
    return next(seen, None)


def _current(session: Session, network: Network) -> list[str]:
    found = kit(session, network).addresses
    if not found:
        raise Invalid(f"{network.name} has no address yet.", remedy="Wait a moment.")
    return found


def _insert(session: Session, network: Network, new: Whitelisting) -> None:
    """Of one partner there is one line, however its name is written; the database sees to it."""
    network_id, folded_name = network.id, new.partner_folded
    session.add(new)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        known = session.exec(
            select(Whitelisting.partner).where(
                Whitelisting.network_id == network_id,
                Whitelisting.partner_folded == folded_name,
            )
        ).first()
        raise Invalid(
            f"{known} is already on this list. Mark it as sent again, or remove it first.",
            field="partner",
        ) from None


def _function_in(session: Session, network: Network, name: str) -> str:
    function = functions.get(session, name)
    if network.id not in function.network_ids:
        raise Invalid(f"{name} is not in the network {network.name}.", field="function")
    return function.id


def _find(session: Session, name: str, whitelisting_id: str) -> tuple[Network, Whitelisting]:
    network = networks.get(session, name)
    found = session.get(Whitelisting, whitelisting_id)
    if found is None or found.network_id != network.id:
        raise NotFound(
            f"The whitelist of {name} has no such partner.", remedy="It may have been removed."
        )
    return network, found


def _commit(scope: Scope, action: str, network: Network, detail: str = "") -> None:
    scope.record(action, network, detail)
    scope.session.commit()
