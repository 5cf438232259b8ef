"""A sign-in that is at the provider is known to every replica, for a while, and once."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, func, insert, select, update

from tests.postgresql import on_either_database
from webapp.errors import Refused
from webapp.models import BegunSignIn, utc_now
from webapp.models.texts import URL_MAX
from webapp.services import access
from webapp.services.access.provider.begun import BEGUN_MAX, keep, take


def kept(session: Session) -> int:
    return session.exec(select(func.count()).select_from(BegunSignIn)).one()


@on_either_database
def test_another_replica_takes_it_once(session: Session, engine: Engine) -> None:
    token = keep(session, next_path="/keys", session_id="s")
    with Session(engine) as other:
        row = take(other, token)
    assert (row.next_path, row.session_id) == ("/keys", "s")
    assert token not in row.token_hash
    for used in (token, "", "unknown", "\ud800"):
        with pytest.raises(Refused, match="is over already"):
            take(session, used)


def test_it_is_over_after_a_while_and_goes_with_the_next_round(session: Session) -> None:
    token = keep(session, next_path="/")
    then = utc_now() - access.BEGUN_FOR - timedelta(seconds=1)
    session.connection().execute(update(BegunSignIn).values(created_at=then))
    session.commit()
    with pytest.raises(Refused):
        take(session, token)
    keep(session, next_path="/")
    session.connection().execute(update(BegunSignIn).values(created_at=then))
    session.commit()
    access.purge(session)
    assert kept(session) == 0


def test_only_the_newest_are_kept(session: Session) -> None:
    now = utc_now()
    rows = [
        {
            "token_hash": str(number),
            "next_path": "/",
            "created_at": now - timedelta(milliseconds=number),
        }
        for number in range(BEGUN_MAX)
    ]
    session.connection().execute(insert(BegunSignIn), rows)
    keep(session, next_path="/")
    assert kept(session) == BEGUN_MAX
    last = str(BEGUN_MAX - 1)
    oldest = select(BegunSignIn).where(col(BegunSignIn.token_hash) == last)
    assert session.exec(oldest).first() is None


def test_a_page_with_a_long_address_is_not_led_to(session: Session) -> None:
    token = keep(session, next_path="/" + "x" * URL_MAX)
    assert take(session, token).next_path == "/"
