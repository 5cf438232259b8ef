"""Progress: how much is done, how long it has taken, and how long it usually takes."""

from typing import Any

import pytest
from sqlmodel import Session

from tests.services.rows import a_network, a_stack_event, add, ago, an_event
from webapp.models import Network, Status
from webapp.services.engine.progress import (
    FEW,
    POLL_JITTER,
    Progress,
    is_just_ready,
    poll_in_s,
    progress_of,
)

TYPICAL_S = 180


def progress(session: Session, network: Network) -> Progress:
    add(session, network)
    return progress_of(session, network, typical_s=TYPICAL_S)


def test_each_resource_that_is_complete_counts_once(session: Session) -> None:
    network = a_network(status=Status.CREATING, resource_count=5)
    add(
        session,
        network,
        an_event(network, "CREATE_IN_PROGRESS", logical_id="Vpc"),
        an_event(network, "CREATE_COMPLETE", logical_id="Vpc"),
        an_event(network, "CREATE_COMPLETE", logical_id="Vpc"),
        an_event(network, "CREATE_COMPLETE", logical_id="Subnet"),
        an_event(network, "CREATE_COMPLETE", logical_id="Nat", operation_id="earlier"),
        a_stack_event(network, "CREATE_COMPLETE"),
    )
    found = progress(session, network)
    assert (found.done, found.total) == (2, 5)


def test_the_total_is_never_less_than_what_is_done(session: Session) -> None:
    network = a_network(status=Status.DELETING, resource_count=0)
    add(session, network, an_event(network, "DELETE_COMPLETE"))
    found = progress(session, network)
    assert (found.done, found.total) == (1, 1)


def test_time_runs_until_the_operation_is_settled(session: Session) -> None:
    times = {"started_at": ago(100), "updated_at": ago(40)}
    assert progress(session, a_network("busy", status=Status.CREATING, **times)).elapsed_s == 100
    assert progress(session, a_network("done", status=Status.READY, **times)).elapsed_s == 60


def test_a_clock_that_was_put_back_does_not_show_a_negative_time(session: Session) -> None:
    network = a_network(started_at=ago(10), updated_at=ago(20))
    assert progress(session, network).elapsed_s == 0


def test_the_typical_time_is_that_of_this_installation_if_there_is_one(session: Session) -> None:
    assert progress(session, a_network("first")).typical_s == TYPICAL_S
    for number, took_s in enumerate((50.0, 61.4, 500.0)):
        add(session, a_network(f"took-{number}", took_s=took_s))
    assert progress(session, a_network("next")).typical_s == 61


def test_a_cause_is_named_only_once_the_operation_has_failed(session: Session) -> None:
    network = a_network(status=Status.CREATING)
    add(session, network, an_event(network, "CREATE_FAILED", reason="no room"))
    assert progress(session, network).root_cause is None
    network.status = Status.FAILED
    cause = progress(session, network).root_cause
    assert cause is not None
    assert cause.reason == "no room"


def test_a_row_is_just_ready_for_half_a_minute() -> None:
    assert is_just_ready(a_network(updated_at=ago(29)))
    assert not is_just_ready(a_network(updated_at=ago(31)))
    assert not is_just_ready(a_network(status=Status.PARKED))


@pytest.mark.parametrize(
    ("left", "columns", "news_s", "sooner"),
    [
        (FEW + 1, {}, 0, False),
        (FEW, {}, 0, True),
        (0, {}, 0, True),
        (FEW, {}, 120, False),
        (0, {}, 20, False),
        (0, {"status": Status.DELETING}, 0, False),
    ],
)
def test_a_stack_is_looked_at_more_often_when_it_is_soon_done(
    session: Session, left: int, columns: dict[str, Any], news_s: float, sooner: bool
) -> None:
    usual: dict[str, Any] = {"status": Status.CREATING, "resource_count": left + 1}
    network = a_network(**usual | columns)
    add(session, network, an_event(network, "CREATE_COMPLETE", at=ago(news_s)))
    assert (poll_in_s(session, network, 1.0) < 1 - POLL_JITTER) is sooner


@pytest.mark.parametrize("status", [Status.CREATING, Status.DELETING])
def test_a_stack_is_looked_at_less_often_while_nothing_happens(
    session: Session, status: Status
) -> None:
    network = a_network(status=status, resource_count=FEW + 5, started_at=ago(3600))
    add(session, network, an_event(network, "CREATE_COMPLETE", at=ago(3600)))
    long_quiet = poll_in_s(session, network, 1.0)
    network.started_at = ago(0)
    just_begun = poll_in_s(session, network, 1.0)
    add(session, network, an_event(network, "CREATE_COMPLETE", at=ago(-60)))
    by_a_clock_that_is_ahead = poll_in_s(session, network, 1.0)
    assert long_quiet == pytest.approx(2.0, rel=POLL_JITTER)
    assert just_begun == pytest.approx(1.0, rel=POLL_JITTER + 0.05)
    assert by_a_clock_that_is_ahead == pytest.approx(1.0, rel=POLL_JITTER)
