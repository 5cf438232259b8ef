"""Who may come in: one setup token, sessions that end, and nothing kept but hashes."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from webapp.errors import Conflict, Invalid, Refused, Unauthenticated
from webapp.models import AccessToken, Role, User, utc_now
from webapp.services import access
from webapp.services.access import Guesser, people
from webapp.services.audit import list_after
from webapp.services.scope import Scope

PASSWORD = "correct horse battery"


def guesser(session: Session) -> Guesser:
    return Guesser(session, "192.0.2.1")


def make_first(session: Session) -> User:
    token = access.new_setup_token(session)
    return access.create_first_user(
        guesser(session), setup_token=token, name="ada", password=PASSWORD
    )


def test_the_setup_token_makes_one_administrator_once(session: Session) -> None:
    token = access.new_setup_token(session)
    access.create_first_user(guesser(session), setup_token=token, name="ada", password=PASSWORD)
    assert not access.needs_setup(session)
    with pytest.raises(Conflict):
        access.create_first_user(guesser(session), setup_token=token, name="eve", password=PASSWORD)


def test_only_the_last_setup_token_counts(session: Session) -> None:
    old = access.new_setup_token(session)
    access.new_setup_token(session)
    with pytest.raises(Refused):
        access.create_first_user(guesser(session), setup_token=old, name="ada", password=PASSWORD)


@pytest.mark.parametrize(
    ("name", "password"),
    [("", PASSWORD), ("a\u200bda", PASSWORD), ("ada", "short"), ("a" * 65, PASSWORD)],
)
def test_a_name_or_password_that_breaks_a_rule_is_refused(
    session: Session, name: str, password: str
) -> None:
    token = access.new_setup_token(session)
    with pytest.raises(Invalid):
        access.create_first_user(guesser(session), setup_token=token, name=name, password=password)


def test_a_session_opens_with_the_password_and_ends_with_sign_out(session: Session) -> None:
    make_first(session)
    token = access.sign_in(guesser(session), name="ada", password=PASSWORD)
    user = access.user_of_session(session, token)
    assert user is not None
    assert user.name == "ada"
    access.sign_out(session, token)
    assert access.user_of_session(session, token) is None


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("eve", PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    session: Session, name: str, password: str
) -> None:
    make_first(session)
    with pytest.raises(Invalid) as error:
        access.sign_in(guesser(session), name=name, password=password)
    assert error.value.code == "bad_credentials"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[31m", "\udcff", "x" * 65])
def test_a_name_is_shown_in_one_line(session: Session, name: str) -> None:
    scope = Scope(session, "tests")
    with pytest.raises(Invalid, match="A user name has 1 to 64"):
        access.create_user(scope, name=name, password="correct horse battery")
    with pytest.raises(Invalid, match="A token name has 1 to 64"):
        access.create_api_token(scope, name=name, role=Role.ADMIN)


def test_an_expired_session_does_not_count(session: Session) -> None:
    make_first(session)
    token = access.sign_in(guesser(session), name="ada", password=PASSWORD)
    past = utc_now() - timedelta(seconds=1)
    session.connection().execute(update(AccessToken).values(expires_at=past))
    session.commit()
    session.expire_all()
    assert access.user_of_session(session, token) is None


def test_an_api_token_is_not_a_session_and_a_session_is_not_an_api_token(session: Session) -> None:
    make_first(session)
    api = access.create_api_token(Scope(session, "tests"), name="ci", role="admin")
    assert access.bearer(guesser(session), api).name == "ci"
    assert access.user_of_session(session, api) is None
    with pytest.raises(Unauthenticated):
        access.bearer(
            guesser(session), access.sign_in(guesser(session), name="ada", password=PASSWORD)
        )


@pytest.mark.parametrize("role", list(Role))
def test_a_token_has_the_role_that_it_was_made_with(session: Session, role: Role) -> None:
    token = access.create_api_token(Scope(session, "tests"), name="ci", role=role)
    session.expire_all()
    assert access.bearer(guesser(session), token).role is role


def test_a_second_user_of_the_same_name_is_refused(session: Session) -> None:
    make_first(session)
    for again in (" ada ", "ADA", "\uff41da"):
        with pytest.raises(Conflict, match="already a user named ada"):
            access.create_user(Scope(session, "tests"), name=again, password=PASSWORD)


def test_neither_password_nor_token_is_in_the_database(session: Session) -> None:
    make_first(session)
    token = access.create_api_token(Scope(session, "tests"), name="ci", role="admin")
    rows = [*session.exec(select(User)), *session.exec(select(AccessToken))]
    kept = " ".join(str(row.model_dump()) for row in rows)
    assert PASSWORD not in kept
    assert token not in kept
    assert session.exec(select(User).where(col(User.password_hash).startswith("$argon2id"))).all()


def test_before_the_first_administrator_there_is_nobody_to_sign_in(session: Session) -> None:
    assert access.needs_setup(session)
    with pytest.raises(Invalid):
        access.sign_in(guesser(session), name="ada", password=PASSWORD)


def test_a_session_that_is_over_can_be_signed_out_of_again(session: Session) -> None:
    user = make_first(session)
    token = access.open_session(session, user)
    for _ in range(2):
        access.sign_out(session, token)
    assert access.user_of_session(session, token) is None


@pytest.mark.parametrize("token", ["", "egret_unknown"])
def test_an_unknown_token_opens_nothing(session: Session, token: str) -> None:
    assert access.user_of_session(session, token) is None
    with pytest.raises(Unauthenticated):
        access.bearer(guesser(session), token)


def test_what_people_and_programs_are_given_is_recorded_without_it(session: Session) -> None:
    make_first(session)
    access.sign_in(guesser(session), name=" ada ", password=PASSWORD)
    token = access.create_api_token(Scope(session, "ada"), name="ci", role="admin")
    events = list_after(session, 0, limit=9)
    assert [(event.actor, event.action, event.noun, event.name) for event in events] == [
        ("setup", "create", "user", "ada"),
        ("ada", "sign in", "user", "ada"),
        ("ada", "create", "token", "ci"),
    ]
    assert token not in str([event.model_dump() for event in events])


def test_who_waits_for_a_password_to_be_checked_holds_no_connection(engine: Engine) -> None:
    pool: Any = engine.pool

    def sign_in() -> None:
        with Session(engine) as session, pytest.raises(Invalid):
            access.sign_in(guesser(session), name="ada", password="wrong")

    with ThreadPoolExecutor(1) as thread:
        with ExitStack() as busy:
            for _ in range(people.HASHES_AT_ONCE):
                busy.enter_context(people._hashing)
            waiting = thread.submit(sign_in)
            time.sleep(0.3)
            assert not waiting.done()
            assert pool.checkedout() == 0
        waiting.result()
