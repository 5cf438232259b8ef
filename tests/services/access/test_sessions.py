"""Sessions: they end when nobody uses them, after a day, and when somebody says so."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from tests.postgresql import on_either_database
from webapp.db import lock
from webapp.errors import NotFound
from webapp.models import AccessToken, User, utc_now
from webapp.models.user import USER_AGENT_MAX
from webapp.scope import Scope
from webapp.services import access
from webapp.services.access import Browser, Limits

HOME = Browser(address="192.0.2.1", user_agent="Firefox" * 100)


@pytest.fixture
def ada(session: Session) -> User:
    user = User(name="ada", password_hash="of a test")
    session.add(user)
    session.commit()
    return user


def row_of(session: Session, token: str) -> AccessToken:
    found = access.session_of(session, token)
    assert found
    row = session.get_one(AccessToken, found[1].id)
    session.refresh(row)
    return row


def long_ago(session: Session, **columns: timedelta) -> None:
    values = {name: utc_now() - ago for name, ago in columns.items()}
    session.connection().execute(update(AccessToken).values(**values))
    session.commit()
    session.expire_all()


def test_a_session_knows_where_and_when_it_was_opened(session: Session, ada: User) -> None:
    row = row_of(session, access.open_session(session, ada, browser=HOME))
    assert row.client == "192.0.2.1"
    assert row.user_agent == HOME.user_agent[:USER_AGENT_MAX]
    assert row.last_used_at == row.authenticated_at
    session.refresh(ada)
    assert ada.last_seen_at == row.last_used_at


def test_the_session_that_the_browser_had_ends_with_a_new_one(session: Session, ada: User) -> None:
    old = access.open_session(session, ada)
    new = access.open_session(session, ada, browser=Browser(session_token=old))
    assert access.session_of(session, old) is None
    assert access.session_of(session, new)


def test_a_session_that_is_used_goes_on_to_its_end(session: Session, ada: User) -> None:
    limits = Limits(idle=timedelta(hours=1), longest=timedelta(hours=8))
    token = access.open_session(session, ada, limits)
    row = row_of(session, token)
    first_end = row.expires_at
    assert first_end
    access.touch(session, row, limits)
    assert row_of(session, token).expires_at == first_end  # written once a minute
    long_ago(session, last_used_at=timedelta(minutes=2))
    access.touch(session, row_of(session, token), limits)
    moved = row_of(session, token)
    assert moved.expires_at
    assert moved.expires_at > first_end
    session.connection().execute(
        update(AccessToken).values(ends_at=utc_now() + timedelta(minutes=5))
    )
    long_ago(session, last_used_at=timedelta(minutes=2))
    access.touch(session, row_of(session, token), limits)
    last = row_of(session, token)
    assert last.expires_at == last.ends_at


def test_an_expired_session_does_not_count_and_is_purged(session: Session, ada: User) -> None:
    token = access.open_session(session, ada)
    kept = access.open_session(session, ada)
    gone = row_of(session, token).id
    session.connection().execute(
        update(AccessToken).where(col(AccessToken.id) == gone).values(expires_at=utc_now())
    )
    session.commit()
    assert access.session_of(session, token) is None
    access.purge(session)
    assert [row.id for row in session.exec(select(AccessToken))] == [row_of(session, kept).id]


@on_either_database
def test_a_page_is_shown_although_it_cannot_be_written_that_it_was(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session, Session(engine) as other:
        user = User(name="ada", password_hash="")
        session.add(user)
        session.commit()
        token = access.open_session(session, user)
        row = row_of(session, token)
        long_ago(session, last_used_at=timedelta(minutes=2))
        lock(other, "somebody")
        other.connection().execute(update(AccessToken).values(name="locked"))
        access.touch(session, row_of(session, token))
        other.rollback()
        found = access.session_of(session, token)
        assert found
        access.touch(session, found[1])
        assert row_of(session, token).last_used_at > utc_now() - timedelta(minutes=1)  # type: ignore[operator]
    assert row


def test_when_the_password_was_typed_long_ago_it_is_asked_for_again(
    session: Session, ada: User
) -> None:
    token = access.open_session(session, ada)
    assert access.is_confirmed(row_of(session, token))
    long_ago(session, authenticated_at=access.CONFIRMED_FOR)
    assert not access.is_confirmed(row_of(session, token))


def test_a_session_is_ended_by_its_id_and_only_as_its_users(session: Session, ada: User) -> None:
    bob = User(name="bob", password_hash="")
    session.add(bob)
    session.commit()
    scope, token = Scope(session, "ada"), access.open_session(session, bob)
    [shown] = access.sessions_of(session, bob)
    with pytest.raises(NotFound):
        access.end_session(scope, ada, shown.id)
    access.end_session(scope, bob, shown.id)
    assert access.session_of(session, token) is None
    with pytest.raises(NotFound):
        access.end_session(scope, bob, shown.id)


def test_all_other_sessions_end_and_no_one_elses(session: Session, ada: User) -> None:
    bob = User(name="bob", password_hash="")
    session.add(bob)
    session.commit()
    own, other, bobs = (access.open_session(session, user) for user in (ada, ada, bob))
    access.end_sessions(session, ada, but=row_of(session, own).id)
    session.commit()
    open_ones: list[Any] = [bool(access.session_of(session, each)) for each in (own, other, bobs)]
    assert open_ones == [True, False, True]


def test_a_session_that_is_over_can_be_signed_out_of_again(session: Session, ada: User) -> None:
    token = access.open_session(session, ada)
    for _ in range(2):
        access.sign_out(session, token)
    assert access.session_of(session, token) is None
