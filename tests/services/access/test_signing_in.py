"""What is done with a secret: one setup token makes one admin, a password opens a session."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from tests.postgresql import on_either_database
from webapp.errors import (
    Conflict,
    EgretError,
    Invalid,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from webapp.models import AccessToken, AuditEvent, Role, User
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access import Guesser
from webapp.services.access.guesses import OF_CLIENT_AT_ACCOUNT
from webapp.services.access.hashing import AT_ONCE, WAITING_MAX, turns
from webapp.services.audit import list_after

PASSWORD = "correct horse battery"


def guesser(session: Session, address: str = "192.0.2.1") -> Guesser:
    return Guesser(session, address)


def set_up(session: Session, token: str, name: str = "ada") -> User:
    return access.create_first_user(
        guesser(session), setup_token=token, name=name, password=PASSWORD
    )


def make_first(session: Session) -> User:
    return set_up(session, access.new_setup_token(session))


def test_the_setup_token_makes_one_administrator_once(session: Session) -> None:
    token = access.new_setup_token(session)
    user = set_up(session, token)
    assert user.role is Role.ADMIN
    assert not access.needs_setup(session)
    with pytest.raises(Conflict, match="Egret has been set up"):
        set_up(session, token, "eve")


def test_the_tokens_of_two_replicas_both_work_until_there_is_an_administrator(
    session: Session,
) -> None:
    first, second = access.new_setup_token(session), access.new_setup_token(session)
    set_up(session, first)
    assert not session.exec(select(AccessToken)).all()
    with pytest.raises(Conflict):
        set_up(session, second, "eve")


@on_either_database
def test_six_people_at_once_make_one_administrator(engine: Engine) -> None:
    with Session(engine) as session:
        tokens = [access.new_setup_token(session) for _ in range(2)]
    together = Barrier(6)

    def race(number: int) -> str:
        with Session(engine) as own:
            together.wait()
            client = guesser(own, f"192.0.2.{number}")
            try:
                access.create_first_user(
                    client, setup_token=tokens[number % 2], name=f"u{number}", password=PASSWORD
                )
            except EgretError as error:
                return type(error).__name__
        return "made"

    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(race, range(6)))
    assert results.count("made") == 1, results
    assert set(results) <= {"made", "Conflict", "Refused"}, results
    with Session(engine) as session:
        assert len(session.exec(select(User)).all()) == 1
        assert not session.exec(select(AccessToken)).all()


@pytest.mark.parametrize(
    ("name", "password"),
    [("", PASSWORD), ("a\u200bda", PASSWORD), ("ada", "short"), ("a" * 65, PASSWORD)],
)
def test_what_breaks_a_rule_is_refused_and_the_token_is_still_good(
    session: Session, name: str, password: str
) -> None:
    token = access.new_setup_token(session)
    with pytest.raises(Invalid):
        access.create_first_user(guesser(session), setup_token=token, name=name, password=password)
    set_up(session, token)


def test_a_wrong_setup_token_is_refused_at_its_field(session: Session) -> None:
    access.new_setup_token(session)
    with pytest.raises(Refused) as refused:
        set_up(session, "egret_wrong")
    assert list(refused.value.errors) == ["token"]


def test_the_password_opens_a_session_that_ends_with_sign_out(session: Session) -> None:
    make_first(session)
    token = access.sign_in(guesser(session), name=" ada ", password=PASSWORD).token
    found = access.session_of(session, token)
    assert found
    assert found[0].name == "ada"
    access.sign_out(session, token)
    assert access.session_of(session, token) is None


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("eve", PASSWORD), ("bob", "")])
def test_wrong_names_and_wrong_passwords_get_the_same_answer(
    session: Session, name: str, password: str
) -> None:
    make_first(session)
    session.add(User(name="bob", password_hash=""))  # invited, without a password
    session.commit()
    with pytest.raises(Invalid) as error:
        access.sign_in(guesser(session), name=name, password=password)
    assert error.value.code == "bad_credentials"


def test_before_the_first_administrator_there_is_nobody_to_sign_in(session: Session) -> None:
    assert access.needs_setup(session)
    with pytest.raises(Invalid):
        access.sign_in(guesser(session), name="ada", password=PASSWORD)


def test_neither_password_nor_session_is_in_the_database(session: Session) -> None:
    make_first(session)
    token = access.sign_in(guesser(session), name="ada", password=PASSWORD).token
    rows = [*session.exec(select(User)), *session.exec(select(AccessToken))]
    kept = " ".join(str(row.model_dump()) for row in rows)
    assert PASSWORD not in kept
    assert token not in kept
    assert session.exec(select(User).where(col(User.password_hash).startswith("$argon2id"))).all()


def test_signing_in_is_recorded(session: Session) -> None:
    make_first(session)
    access.sign_in(guesser(session), name=" ada ", password=PASSWORD)
    events = list_after(session, 0, limit=9)
    assert [(event.actor, event.action, event.noun, event.name) for event in events] == [
        ("setup", "create", "user", "ada"),
        ("ada", "sign in", "user", "ada"),
    ]


def test_a_confirmed_session_goes_on_with_a_new_token(session: Session) -> None:
    ada = make_first(session)
    old = access.open_session(session, ada)
    found = access.session_of(session, old)
    assert found
    with pytest.raises(Invalid, match="The password is wrong"):
        access.confirm_identity(guesser(session), ada, found[1], "wrong")
    new = access.confirm_identity(guesser(session), ada, found[1], PASSWORD)
    again = access.session_of(session, new)
    assert again
    assert again[1].id == found[1].id
    assert access.session_of(session, old) is None


def test_who_confirms_or_changes_a_password_waits_after_wrong_ones_as_who_signs_in(
    session: Session,
) -> None:
    ada = make_first(session)
    found = access.session_of(session, access.open_session(session, ada))
    assert found
    own, client = found[1], guesser(session, "198.51.100.66")
    for _ in range(OF_CLIENT_AT_ACCOUNT.free - 1):
        with pytest.raises(Invalid):
            access.confirm_identity(client, ada, own, "wrong")
    with pytest.raises(Invalid):
        access.change_password(client, ada, own, old="wrong", new=PASSWORD)
    attempts: list[Callable[[], object]] = [
        lambda: access.confirm_identity(client, ada, own, PASSWORD),
        lambda: access.change_password(client, ada, own, old=PASSWORD, new=f"{PASSWORD} 2"),
        lambda: access.sign_in(client, name="ada", password=PASSWORD),
    ]
    for attempt in attempts:
        with pytest.raises(TooMany):
            attempt()


def test_a_new_password_needs_the_present_one_and_ends_the_other_sessions(session: Session) -> None:
    ada = make_first(session)
    here, elsewhere = (access.open_session(session, ada) for _ in range(2))
    found = access.session_of(session, here)
    assert found
    own, new = found[1], "staple battery horse"
    with pytest.raises(Invalid) as wrong:
        access.change_password(guesser(session), ada, own, old="wrong", new=new)
    assert list(wrong.value.errors) == ["old_password"]
    with pytest.raises(Invalid, match="only blanks"):
        access.change_password(guesser(session), ada, own, old=PASSWORD, new=" " * 20)
    token = access.change_password(guesser(session), ada, own, old=PASSWORD, new=new)
    assert access.session_of(session, token)
    assert access.session_of(session, elsewhere) is None
    assert access.sign_in(guesser(session), name="ada", password=new)
    with pytest.raises(Invalid):
        access.sign_in(guesser(session), name="ada", password=PASSWORD)


def test_links_are_guessed_as_slowly_as_setup_tokens(session: Session) -> None:
    for _ in range(20):
        with pytest.raises(Invalid):
            access.person_of_link(guesser(session), "egret_wrong")
    with pytest.raises(TooMany):
        access.person_of_link(guesser(session), "egret_wrong")


def test_when_the_queue_is_full_nothing_is_checked_or_counted(session: Session) -> None:
    make_first(session)
    session.commit()
    with ExitStack() as busy:
        for _ in range(AT_ONCE):
            busy.enter_context(turns.turn())
        for _ in range(WAITING_MAX):
            busy.enter_context(turns.place())
        for _ in range(OF_CLIENT_AT_ACCOUNT.free + 1):
            with pytest.raises(Unavailable, match="Nothing was checked"):
                access.sign_in(guesser(session), name="ada", password=PASSWORD)
    assert access.sign_in(guesser(session), name="ada", password=PASSWORD)


def test_of_a_name_that_is_unknown_the_audit_trail_has_a_few_digits(session: Session) -> None:
    for name in ("my-password-by-mistake", "ada"):
        with pytest.raises(Invalid):
            access.sign_in(guesser(session), name=name, password="wrong")
    [first, second] = session.exec(select(AuditEvent)).all()
    assert first.name.startswith("unknown-")
    assert len(first.name) == len("unknown-") + 5
    assert first.detail == "from 192.0.2.1"
    assert first.name != second.name


def test_a_reset_between_password_and_session_leaves_no_session(session: Session) -> None:
    verified = make_first(session)
    session.expunge(verified)
    admin = Scope(session, "tests")
    access.create_user(admin, name="bob", password=PASSWORD)
    session.commit()
    access.reset(admin, verified.id)
    with pytest.raises(Conflict, match="got another password"):
        access.open_session(session, verified)
    session.rollback()
    access.remove(admin, verified.id)
    with pytest.raises(Conflict, match="removed"):
        access.open_session(session, verified)


def test_who_was_signed_out_meanwhile_confirms_nothing_and_keeps_the_password(
    session: Session,
) -> None:
    user = make_first(session)
    found = access.session_of(session, access.open_session(session, user))
    assert found
    own, new = found[1], f"{PASSWORD} again"
    access.end_sessions(session, user)
    session.commit()
    with pytest.raises(Unauthenticated, match="just been ended"):
        access.confirm_identity(guesser(session), user, own, PASSWORD)
    session.rollback()
    with pytest.raises(Unauthenticated, match="just been ended"):
        access.change_password(guesser(session), user, own, old=PASSWORD, new=new)
    session.rollback()
    assert access.sign_in(guesser(session), name="ada", password=PASSWORD)
