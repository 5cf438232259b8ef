"""A replica learns of what others commit, and of what it commits itself."""

from sqlalchemy import Engine
from sqlmodel import Session

from tests.postgresql import on_either_database
from tests.services.rows import a_network, add
from webapp.db import make_engine
from webapp.settings import Settings
from webapp.watching.changes import UNTOLD_MAX_S, changes_of

SOON_S = 0.01


@on_either_database
def test_each_commit_is_noticed_and_no_read(engine: Engine, settings: Settings) -> None:
    other = make_engine(settings.database)
    changes = [changes_of(engine), changes_of(other)]
    assert not any(each.wait(SOON_S) for each in changes)
    for number in range(2):
        with Session(engine) as session:
            add(session, a_network(f"net-{number}"))
            name = session.connection().dialect.name
        assert all(each.wait(UNTOLD_MAX_S / 2 if name != "sqlite" else 0) for each in changes)
        assert not any(each.wait(SOON_S) for each in changes)
    for each in changes:
        each.close()
    other.dispose()


@on_either_database
def test_what_is_taken_back_is_no_change(engine: Engine) -> None:
    changes = changes_of(engine)
    with Session(engine) as session:
        session.add(a_network())
        session.flush()
        session.rollback()
    assert not changes.wait(SOON_S)
    changes.close()
