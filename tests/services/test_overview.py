"""The first page: the next step, what it costs, and what needs attention, worst first."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, select

from tests.services.rows import (
    IP,
    ZONES,
    a_key,
    a_network,
    a_proof,
    a_snapshot,
    add,
    add_everything,
    add_function,
    an_address,
)
from webapp.models import Access, Address, AddressStatus, Function, Key, Network, Status
from webapp.services import addresses, keys
from webapp.services.overview import TABLE_ROWS_MAX, Alert, overview, state_of

QUERIES_MAX = 20


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*told: object) -> None:
        statements.append(str(told[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_a_long_list_takes_as_many_queries_as_a_short_one(engine: Engine, session: Session) -> None:
    add_everything(session, 0)
    session.expunge_all()
    with counted(engine) as short:
        overview(session)
        keys.list_all(session)
    for number in range(1, 10):
        add_everything(session, number)
    session.expunge_all()
    with counted(engine) as long:
        shown = overview(session)
        keys.list_all(session)
    assert len(shown.networks) == len(shown.functions) == 10
    assert len(long) == len(short) <= QUERIES_MAX


# --- Steps ------------------------------------------------------------------------------------


def done(session: Session) -> list[bool]:
    return [step.done for step in overview(session).steps]


def test_the_steps_are_done_one_after_the_other(session: Session) -> None:
    assert done(session) == [False, False, False, False]
    function = add_function(session, status=Status.CREATING)
    network = session.get_one(Network, function.network_id)
    assert done(session) == [False, True, False, False]
    network.outputs, network.status = {"VpcId": "vpc-1"}, Status.PARKED
    function.status = Status.READY
    add(session, a_snapshot(function))
    assert done(session) == [True, True, True, True]


def test_a_step_leads_to_what_was_begun(session: Session) -> None:
    first, _, third, _ = overview(session).steps
    assert (first.href, third.href) == ("/networks/new", "/functions/new")
    add_function(session)
    first, _, third, _ = overview(session).steps
    assert (first.href, third.href) == ("/networks/net", "/functions/fun")


# --- Cost -------------------------------------------------------------------------------------


def test_the_cost_is_that_of_networks_free_addresses_and_keys(session: Session) -> None:
    assert overview(session).monthly_cost_usd == 0
    add(session, an_address(ip="203.0.113.1"))
    assert overview(session).monthly_cost_usd == 3.65
    network = a_network()
    add(session, network, an_address(network))
    assert overview(session).monthly_cost_usd == 3.65 + 36.5 + 1
    add(session, a_key())
    assert overview(session).monthly_cost_usd == 3.65 + 36.5 + 1.4


# --- Warnings ---------------------------------------------------------------------------------


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
    assert (lost.level, lost.href) == ("error", "/addresses")
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


# --- Tables -----------------------------------------------------------------------------------


def test_the_first_rows_of_the_last_good_answer_are_shown(session: Session) -> None:
    function = add_function(session)
    clans = [{"name": f"Clan {rank}", "rank": rank} for rank in range(1, TABLE_ROWS_MAX + 5)]
    body = json.dumps({"items": clans}).encode()
    add(session, a_snapshot(function, body=body, age_s=10), a_snapshot(function, ok=False))
    (table,) = overview(session).tables
    assert table.detail.function == function
    assert len(table.rows) == TABLE_ROWS_MAX


def test_a_function_that_has_never_had_an_answer_has_no_table(session: Session) -> None:
    add_function(session)
    assert overview(session).tables == []


# --- What has changed -------------------------------------------------------------------------


def the(session: Session, kind: Any) -> Any:
    return session.exec(select(kind)).first()


CHANGES: dict[str, Callable[[Session], object]] = {
    "a network appears": lambda s: s.add(a_network("other")),
    "a network changes": lambda s: setattr(the(s, Network), "status", Status.PARKING),
    "a function fails": lambda s: setattr(the(s, Function), "status", Status.FAILED),
    "a function goes": lambda s: s.delete(the(s, Function)),
    "an address is allocated": lambda s: s.add(an_address(ip="203.0.113.99")),
    "an address is lost": lambda s: setattr(the(s, Address), "status", AddressStatus.LOST),
    "a key is deleted": lambda s: setattr(the(s, Key), "status", Status.DELETING),
    "a zone breaks": lambda s: s.add(a_proof(the(s, Network), seen_ip=None)),
    "a call fails": lambda s: s.add(a_snapshot(the(s, Function), ok=False)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_text_is_another_one_after_a_change_only(session: Session, change: str) -> None:
    function = add_function(session)
    add(session, a_proof(the(session, Network), at=function.created_at))
    before = state_of(session)
    assert state_of(session) == before
    CHANGES[change](session)
    session.commit()
    assert state_of(session) != before
