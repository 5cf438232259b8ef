"""What needs attention, worst first; a few of each kind."""

from typing import Any

import pytest
from sqlmodel import Session

from tests.services.rows import (
    IP,
    ZONES,
    a_function,
    a_key,
    a_network,
    a_proof,
    a_snapshot,
    add,
    add_function,
    an_address,
)
from webapp.models import Access, AddressStatus, Network, Status
from webapp.services import addresses
from webapp.services.overview import Alert, overview
from webapp.services.overview.alerts import SHOWN_MAX


def warnings(session: Session) -> list[Alert]:
    return overview(session).warnings


def test_where_all_is_well_nothing_is_warned_of(session: Session) -> None:
    function = add_function(session)
    network = session.get_one(Network, function.network_id)
    add(session, a_proof(network), a_snapshot(function))
    assert warnings(session) == []


def test_a_lost_address_comes_first(session: Session) -> None:
    function = add_function(session, status=Status.FAILED, reason="no role")
    (address,) = addresses.of_network(session, function.network_id)
    address.status = AddressStatus.LOST
    session.commit()
    lost, failed = warnings(session)
    assert (lost.level, lost.href) == ("error", "/addresses?status=lost")
    assert lost.text.startswith(f"{IP} of net was released outside Egret")
    assert (failed.text, failed.href) == ("The function fun failed: no role", "/functions/fun")


def test_a_long_reason_is_cut_off_since_its_page_has_all_of_it(session: Session) -> None:
    said = "Vpc: You are not authorized to perform this operation."
    add(session, a_network(status=Status.FAILED, reason=f"{said} {'x' * 99} {'y' * 99}"))
    (failed,) = warnings(session)
    assert failed.text == f"The network net failed: {said} {'x' * 99} …"


@pytest.mark.parametrize(
    ("proof", "said"),
    [
        ({"seen_ip": None}, "the probe got no response."),
        ({"seen_ip": "198.51.100.1", "problem": "It came from elsewhere."}, "It came from elsew"),
    ],
)
def test_a_zone_whose_calls_do_not_come_from_its_address_is_named(
    session: Session, proof: dict[str, Any], said: str
) -> None:
    network = a_network()
    add(session, network, a_proof(network, **proof))
    (notice,) = warnings(session)
    assert (notice.level, notice.href) == ("error", "/networks/net")
    assert notice.text.startswith(f"Calls from {ZONES[0]} (network net) don't come")
    assert said in notice.text


def test_zones_that_break_in_the_same_way_share_one_alert(session: Session) -> None:
    network = a_network()
    told: dict[str, Any] = {"seen_ip": None, "problem": "Timed out."}
    add(session, network, *(a_proof(network, zone=zone, **told) for zone in ZONES[:2]))
    (notice,) = warnings(session)
    assert notice.text.startswith(f"Calls from {ZONES[0]}, {ZONES[1]} (network net) don't come")
    assert notice.text.count("Timed out.") == 1


def test_an_old_proof_of_a_parked_network_says_nothing(session: Session) -> None:
    network = a_network(status=Status.PARKED)
    add(session, network, a_proof(network, seen_ip=None))
    assert warnings(session) == []


def test_a_function_without_a_new_answer_and_an_open_endpoint_are_warned_of(
    session: Session,
) -> None:
    function = add_function(session, access=Access.OPEN)
    add(session, a_snapshot(function, ok=False, problem="Throttled."))
    stale, public = warnings(session)
    assert (stale.level, stale.text) == ("warning", "fun got no new response: Throttled.")
    assert public.text == "Anyone can call the endpoint of fun."


def test_an_address_that_nothing_uses_is_mentioned_last(session: Session) -> None:
    add(session, an_address(), a_network(status=Status.FAILED, reason="no room"))
    failed, unused = warnings(session)
    assert failed.level == "error"
    assert (unused.level, unused.text) == (
        "info",
        f"{IP} is not used by any network and costs 3.65 USD per month.",
    )


def test_of_many_of_a_kind_a_few_are_named_and_the_list_of_all_is_linked(session: Session) -> None:
    failed = [
        a_network(f"net-{number:02}", status=Status.FAILED, reason="no room")
        for number in range(SHOWN_MAX + 2)
    ]
    key, network = a_key(), a_network()
    public = [
        a_function(network, key, f"fun-{number:02}", access=Access.OPEN)
        for number in range(SHOWN_MAX + 1)
    ]
    add(session, network, key, *failed, *public)
    found = warnings(session)
    assert len(found) == 2 * (SHOWN_MAX + 1)
    assert found[SHOWN_MAX].text == "More networks failed."
    assert found[SHOWN_MAX].href == "/networks?status=failed"
    assert found[-1].text == "Anyone can call the endpoints of more functions."
