"""The whitelist kit: exact texts for partners, and how far each partner has come."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from tests.postgresql import on_either_database
from tests.services.rows import a_function, a_key, a_network, a_snapshot, add, an_address
from webapp.errors import Invalid, NotFound
from webapp.models import AddressStatus, Nat, Network, Snapshot, Whitelisting, utc_now
from webapp.scope import Scope
from webapp.services import addresses, networks, whitelists
from webapp.services.audit import list_after
from webapp.services.whitelists import Stage

IPS = ["203.0.113.7", "203.0.113.9"]


@pytest.fixture
def scope(session: Session) -> Scope:
    return Scope(session, "ada")


@pytest.fixture
def network(session: Session) -> Network:
    """Two zones with an address each, and a function that calls a partner."""
    made, key = a_network("paying", availability_zones=2, nat=Nat.PER_AZ), a_key(cidrs=())
    held = [an_address(made, ip, position=position) for position, ip in enumerate(IPS)]
    add(session, made, key, *held, a_function(made, key, "pays"))
    return made


def stage(session: Session, network: Network) -> Stage:
    (detail,) = whitelists.list_all(session, network)
    return detail.stage


def test_each_form_has_every_address(session: Session, network: Network) -> None:
    kit = whitelists.kit(session, network)
    assert kit.plain == "203.0.113.7\n203.0.113.9"
    assert kit.cidrs == ["203.0.113.7/32", "203.0.113.9/32"]
    assert kit.comma_separated == "203.0.113.7, 203.0.113.9"
    assert kit.published["addresses"] == IPS
    assert kit.plain in kit.mail_body
    assert kit.mail_link.startswith("mailto:?subject=Please%20whitelist%20our%20addresses&body=")
    assert kit.qr_svg.startswith("<svg")


def test_a_partner_is_sent_then_confirms_then_is_seen(
    scope: Scope, session: Session, network: Network
) -> None:
    sent = whitelists.send(scope, "paying", partner=" The bank ", function="pays")
    assert (sent.partner, sent.addresses, stage(session, network)) == ("The bank", IPS, "sent")
    whitelists.confirm(scope, "paying", sent.id)
    assert stage(session, network) is Stage.CONFIRMED
    assert sent.function_id
    answer = Snapshot(function_id=sent.function_id, ok=True, egress_ip=IPS[1])
    session.add(answer)
    session.commit()
    (detail,) = whitelists.list_all(session, network)
    assert (detail.stage, detail.seen_ip) == (Stage.SEEN, IPS[1])


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": False, "egress_ip": IPS[0]},
        {"ok": True, "egress_ip": "198.51.100.1"},
        {"ok": True, "egress_ip": None},
        {"ok": True, "egress_ip": IPS[0], "fetched_at": utc_now() - timedelta(days=1)},
    ],
)
def test_no_other_answer_is_a_proof(
    scope: Scope, session: Session, network: Network, answer: dict[str, object]
) -> None:
    """A refusal, another address, an unknown one, or an answer from before it was sent."""
    sent = whitelists.send(scope, "paying", partner="bank", function="pays")
    session.add(Snapshot.model_validate({"function_id": sent.function_id} | answer))
    session.commit()
    assert stage(session, network) is Stage.SENT


def test_a_partner_whose_newest_answer_is_a_failure_is_not_seen(
    scope: Scope, session: Session, network: Network
) -> None:
    sent = whitelists.send(scope, "paying", partner="bank", function="pays")
    (function,) = networks.functions_in(session, network)
    add(session, a_snapshot(function, egress_ip=IPS[0]))
    assert stage(session, network) is Stage.SEEN
    add(session, a_snapshot(function, ok=False, upstream_status=403, problem="Refused."))
    (detail,) = whitelists.list_all(session, network)
    assert (detail.stage, detail.failure and detail.failure.problem) == (Stage.SENT, "Refused.")
    sent.sent_at = utc_now()
    session.commit()
    (detail,) = whitelists.list_all(session, network)
    assert detail.failure is None, "of a time before it was sent"
    add(session, a_snapshot(function, egress_ip=IPS[0]))
    assert stage(session, network) is Stage.SEEN


def test_a_partner_that_lacks_a_new_address_is_outdated_until_it_is_sent_again(
    scope: Scope, session: Session, network: Network
) -> None:
    sent = whitelists.send(scope, "paying", partner="bank")
    whitelists.confirm(scope, "paying", sent.id)
    add(session, an_address(network, "203.0.113.11", position=2))
    (detail,) = whitelists.list_all(session, network)
    assert detail.missing == ["203.0.113.11"]
    whitelists.send_again(scope, "paying", sent.id)
    (detail,) = whitelists.list_all(session, network)
    assert (detail.missing, detail.stage) == ([], Stage.SENT)


@pytest.mark.parametrize(
    ("partner", "function"), [("", ""), ("\u200b", ""), ("b" * 101, ""), ("bank", "nobody")]
)
def test_a_partner_without_a_name_and_an_unknown_function_are_refused(
    scope: Scope, network: Network, partner: str, function: str
) -> None:
    with pytest.raises((Invalid, NotFound)):
        whitelists.send(scope, network.name, partner=partner, function=function)


def test_a_partner_is_listed_once_however_its_name_is_written(
    scope: Scope, network: Network
) -> None:
    first = whitelists.send(scope, network.name, partner="The  Bank")
    for again in ("The  Bank", "the bank ", "THE BANK", "The\u200b Bank", "\uff34he\u00a0Bank"):
        with pytest.raises(Invalid, match="already on this list") as refused:
            whitelists.send(scope, network.name, partner=again)
        assert "partner" in refused.value.errors
    assert whitelists.forget(scope, network.name, first.id) == "The  Bank"
    whitelists.send(scope, network.name, partner="the bank")
    whitelists.send(scope, network.name, partner="Caf\u00e9")
    with pytest.raises(Invalid, match="already on this list"):
        whitelists.send(scope, network.name, partner="Cafe\u0301")


@on_either_database
def test_two_replicas_do_not_both_list_a_partner(
    engine: Engine, scope: Scope, network: Network
) -> None:
    """The other one has it in between: there is nothing that could be checked first."""
    known = whitelists.send(scope, network.name, partner="The bank")
    with Session(engine) as other, pytest.raises(IntegrityError):
        columns = known.model_dump(exclude={"id", "partner"})
        other.add(Whitelisting(partner="THE BANK", **columns))
        other.commit()


def test_a_withdrawn_link_opens_nothing_and_a_new_one_is_different(
    scope: Scope, session: Session, network: Network
) -> None:
    first = whitelists.publish(scope, "paying").link or ""
    assert whitelists.published(session, first).addresses == IPS
    assert whitelists.publish(scope, "paying").link == first
    whitelists.withdraw(scope, network.name)
    for link in (first, ""):
        with pytest.raises(NotFound):
            whitelists.published(session, link)
    assert whitelists.publish(scope, "paying").link != first


def test_one_address_is_asked_for_in_the_singular(session: Session) -> None:
    network = a_network()
    add(session, network, an_address(network, "203.0.113.7"))
    kit = whitelists.kit(session, network)
    assert kit.mail_subject == "Please whitelist our address"
    assert "Please allow it" in kit.mail_body
    assert '"cidrs": [\n    "203.0.113.7/32"\n  ]' in kit.json_text


def test_a_lost_address_is_not_asked_for(session: Session, network: Network) -> None:
    first, _ = addresses.of_network(session, network.id)
    first.status = AddressStatus.LOST
    session.commit()
    assert whitelists.kit(session, network).addresses == IPS[1:]


def test_confirming_twice_keeps_the_first_time(scope: Scope, network: Network) -> None:
    sent = whitelists.send(scope, network.name, partner="bank")
    first = whitelists.confirm(scope, "paying", sent.id).confirmed_at
    assert whitelists.confirm(scope, "paying", sent.id).confirmed_at == first is not None


def test_a_forgotten_partner_is_on_no_list(
    scope: Scope, session: Session, network: Network
) -> None:
    sent = whitelists.send(scope, "paying", partner="bank")
    whitelists.forget(scope, "paying", sent.id)
    assert whitelists.list_all(session, network) == []
    with pytest.raises(NotFound):
        whitelists.forget(scope, "paying", sent.id)


def test_partners_are_listed_by_name_with_their_function(
    scope: Scope, session: Session, network: Network
) -> None:
    for partner in ("shop", "bank"):
        whitelists.send(scope, "paying", partner=partner, function="pays")
    listed = whitelists.list_all(session, network)
    assert [detail.whitelisting.partner for detail in listed] == ["bank", "shop"]
    assert {detail.function.name for detail in listed if detail.function} == {"pays"}


def test_a_partner_of_another_network_is_not_found(scope: Scope, network: Network) -> None:
    add(scope.session, a_network("other"))
    sent = whitelists.send(scope, network.name, partner="bank")
    for act in (whitelists.confirm, whitelists.send_again, whitelists.forget):
        with pytest.raises(NotFound, match="has no such partner"):
            act(scope, "other", sent.id)


def test_a_network_without_an_address_and_a_function_elsewhere_are_refused(
    scope: Scope, network: Network
) -> None:
    add(scope.session, a_network("empty"))
    with pytest.raises(Invalid, match="has no address yet"):
        whitelists.send(scope, "empty", partner="bank")
    with pytest.raises(Invalid, match="is not in the network empty") as refused:
        whitelists.send(scope, "empty", partner="bank", function="pays")
    assert (list(refused.value.errors), network.link) == (["function"], None)


def test_every_step_is_recorded(scope: Scope, network: Network) -> None:
    sent = whitelists.send(scope, network.name, partner="bank")
    whitelists.confirm(scope, "paying", sent.id)
    whitelists.publish(scope, "paying")
    whitelists.withdraw(scope, "paying")
    assert [event.action for event in list_after(scope.session, 0, limit=9)] == [
        "send whitelist",
        "confirm whitelist",
        "publish whitelist",
        "withdraw whitelist",
    ]
