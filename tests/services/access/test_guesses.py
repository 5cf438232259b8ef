"""Wrong passwords and tokens: each makes the next try wait longer, and nobody is locked out."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.fast import thorough
from tests.postgresql import on_either_database
from webapp.errors import EgretError, Invalid, Refused, TooMany, Unauthenticated
from webapp.models import AuditEvent, Guesses
from webapp.services import access
from webapp.services.access import Guesser
from webapp.services.access.guesses import FORGOTTEN_AFTER, OF_ACCOUNT, OF_CLIENT_AT_ACCOUNT

PASSWORD = "correct horse battery"
OWNER, ATTACKER = "192.0.2.1", "198.51.100.66"


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 27, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def skip(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def ada(session: Session, clock: Clock) -> None:
    token = access.new_setup_token(session)
    setup = Guesser(session, OWNER, clock)
    access.create_first_user(setup, setup_token=token, name="ada", password=PASSWORD)


def wait_after(guesser: Guesser, name: str = "ada") -> int:
    """How long a try must wait, or 0 for a try that was counted as wrong."""
    try:
        guesser.take("password", name)
    except TooMany as error:
        assert error.retry_after_s
        return error.retry_after_s
    return 0


def guess_name(guesser: Guesser, name: str) -> None:
    with pytest.raises(Invalid):
        access.sign_in(guesser, name=name, password="wrong")


def test_each_wrong_password_makes_the_next_one_wait_longer(session: Session, clock: Clock) -> None:
    guesser, waits = Guesser(session, ATTACKER, clock), []
    for _ in range(20):
        wait_s = wait_after(guesser)
        waits.append(wait_s)
        clock.skip(wait_s)
        assert not wait_s or not wait_after(guesser)
    free = OF_CLIENT_AT_ACCOUNT.free
    assert waits[:free] == [0] * free
    assert waits[free : free + 4] == [1, 2, 4, 8]
    assert waits[-1] == OF_CLIENT_AT_ACCOUNT.wait_max_s


def test_the_right_password_has_to_wait_too_and_then_works(session: Session, clock: Clock) -> None:
    guesser = Guesser(session, ATTACKER, clock)
    for _ in range(OF_CLIENT_AT_ACCOUNT.free):
        guess_name(guesser, "ada")
    with pytest.raises(TooMany, match="Try again in 1 second, at 12:00:01 UTC"):
        access.sign_in(guesser, name="ada", password=PASSWORD)
    clock.skip(1)
    assert access.sign_in(guesser, name="ada", password=PASSWORD)
    assert wait_after(guesser) == 0  # the series is over


def test_a_series_is_forgotten_after_a_day(session: Session, clock: Clock) -> None:
    guesser = Guesser(session, ATTACKER, clock)
    for _ in range(OF_CLIENT_AT_ACCOUNT.free):
        wait_after(guesser)
    clock.skip(FORGOTTEN_AFTER.total_seconds() + 1)
    assert [wait_after(guesser) for _ in range(2)] == [0, 0]


def test_one_client_that_tries_many_names_waits_for_any_name(
    session: Session, clock: Clock
) -> None:
    guesser = Guesser(session, ATTACKER, clock)
    waits = [wait_after(guesser, name=f"user{number}") for number in range(25)]
    assert waits[:20] == [0] * 20
    assert waits[20] == 1


@thorough("hundreds of guesses")
def test_an_attack_from_everywhere_never_locks_the_owner_out(
    session: Session, clock: Clock
) -> None:
    owner = Guesser(session, OWNER, clock)
    access.sign_in(owner, name="ada", password=PASSWORD)
    for number in range(OF_ACCOUNT.free + 10):
        attacker = Guesser(session, f"198.51.100.{number}", clock)
        clock.skip(wait_after(attacker))
        wait_after(attacker)
    assert 0 < wait_after(Guesser(session, "203.0.113.1", clock)) <= OF_ACCOUNT.wait_max_s
    assert access.sign_in(owner, name="ada", password=PASSWORD)


def test_all_addresses_of_one_ipv6_subscriber_are_one_client(
    session: Session, clock: Clock
) -> None:
    waits = [wait_after(Guesser(session, f"2001:db8::{number}", clock)) for number in range(1, 9)]
    assert waits[5:] == [1, 1, 1]


def test_ipv4_clients_of_a_server_that_listens_by_ipv6_are_no_single_client(
    session: Session, clock: Clock
) -> None:
    waits = [
        wait_after(Guesser(session, f"::ffff:192.0.2.{number}", clock)) for number in range(1, 9)
    ]
    assert waits == [0] * 8


def test_setup_tokens_and_bearer_tokens_wait_too(session: Session, clock: Clock) -> None:
    guesser = Guesser(session, ATTACKER, clock)
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            access.bearer(guesser, "egret_wrong")
    with pytest.raises(TooMany):
        access.bearer(guesser, "egret_wrong")
    session.connection().exec_driver_sql("DELETE FROM access_token")
    session.connection().exec_driver_sql('DELETE FROM "user"')
    token = access.new_setup_token(session)
    for _ in range(20):
        with pytest.raises(Refused):
            access.create_first_user(guesser, setup_token="no", name="eve", password=PASSWORD)
    with pytest.raises(TooMany):
        access.create_first_user(guesser, setup_token=token, name="ada", password=PASSWORD)


def test_the_audit_trail_has_a_series_once_and_nothing_that_was_typed(
    session: Session, clock: Clock
) -> None:
    guesser = Guesser(session, ATTACKER, clock)
    for name in ("ada", "my-password-by-mistake"):
        for _ in range(3):
            guess_name(guesser, name)
    failures = session.exec(select(AuditEvent).where(AuditEvent.action == "fail to sign in")).all()
    found = [(event.actor, event.name, event.detail) for event in failures]
    assert found == [
        ("nobody", "ada", f"from {ATTACKER}"),
        ("nobody", "unknown-8d437", f"from {ATTACKER}"),
    ]
    kept = str([row.model_dump() for row in session.exec(select(Guesses))])
    assert "mistake" not in kept
    assert ATTACKER not in kept


@on_either_database
def test_tries_at_the_same_moment_are_all_counted(engine: Engine, clock: Clock) -> None:
    def guess(_: int) -> bool:
        with Session(engine) as own:
            try:
                Guesser(own, ATTACKER, clock).take("password", "ada")
            except EgretError:
                return False
            return True

    with ThreadPoolExecutor(8) as threads:
        judged = sum(threads.map(guess, range(16)))
    assert judged == OF_CLIENT_AT_ACCOUNT.free
