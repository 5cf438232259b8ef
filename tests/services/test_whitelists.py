"""The whitelist kit: exact texts for partners, and how far each partner has come."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from webapp.errors import Invalid, NotFound
from webapp.models import (
    Access,
    Address,
    AddressStatus,
    Function,
    Key,
    Nat,
    Network,
    Snapshot,
    utc_now,
)
from webapp.services import whitelists
from webapp.services.scope import Scope
from webapp.services.whitelists import Stage

IPS = ["203.0.113.7", "203.0.113.9"]


@pytest.fixture
def scope(session: Session) -> Scope:
    return Scope(session, "ada")


@pytest.fixture
def network(session: Session) -> Network:
    """Two zones with an address each, and a function that calls a partner."""
    made = Network(
        name="paying", region="r", cidr="10.0.0.0/16", availability_zones=2, nat=Nat.PER_AZ
    )
    key = Key(
        name="bank",
        partner="bank",
        region="r",
        secret_arn="arn",
        kms_key_arn="arn",
        fingerprint="f",
        claims={"cidrs": []},
    )
    session.add_all([made, key])
    session.flush()
    for position, ip in enumerate(IPS):
        session.add(held(made, ip, position))
    session.add(
        Function(
            name="pays", template="clash_rankings", network_id=made.id, key_id=key.id,
            settings={}, access=Access.IAM,
        )
    )  # fmt: skip
    session.commit()
    return made


def held(network: Network, ip: str, position: int) -> Address:
    return Address(
        region="r",
        public_ip=ip,
        allocation_id=f"eipalloc-{ip}",
        network_id=network.id,
        position=position,
        status=AddressStatus.IN_USE,
    )


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


def test_who_lacks_a_new_address_is_outdated_until_it_is_sent_again(
    scope: Scope, session: Session, network: Network
) -> None:
    sent = whitelists.send(scope, "paying", partner="bank")
    whitelists.confirm(scope, "paying", sent.id)
    session.add(held(network, "203.0.113.11", 2))
    session.commit()
    (detail,) = whitelists.list_all(session, network)
    assert detail.missing == ["203.0.113.11"]
    whitelists.send_again(scope, "paying", sent.id)
    (detail,) = whitelists.list_all(session, network)
    assert (detail.missing, detail.stage) == ([], Stage.SENT)


@pytest.mark.parametrize(("partner", "function"), [("", ""), ("b" * 101, ""), ("bank", "nobody")])
def test_what_names_nobody_is_refused(
    scope: Scope, network: Network, partner: str, function: str
) -> None:
    with pytest.raises((Invalid, NotFound)):
        whitelists.send(scope, network.name, partner=partner, function=function)


def test_a_partner_is_listed_once_however_its_name_is_written(
    scope: Scope, network: Network
) -> None:
    first = whitelists.send(scope, network.name, partner="The  Bank")
    for again in ("The  Bank", "the bank ", "THE BANK"):
        with pytest.raises(Invalid, match="on this list already") as refused:
            whitelists.send(scope, network.name, partner=again)
        assert "partner" in refused.value.errors
    assert whitelists.forget(scope, network.name, first.id) == "The  Bank"
    whitelists.send(scope, network.name, partner="the bank")


def test_a_withdrawn_link_opens_nothing_and_a_new_one_is_another(
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
