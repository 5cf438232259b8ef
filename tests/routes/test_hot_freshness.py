"""How old a hot answer may be: a second, and no moment for what this process has written."""

import asyncio
from datetime import datetime

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests import loops
from tests.routes.asking import (
    BODY,
    LINK,
    PREVIEW,
    Asking,
    add_answers,
    counted,
    elsewhere,
    program,
    somebody,
    time_passes,
)
from tests.services.rows import a_snapshot, add, ago
from webapp.hot.cache import FRESH_S, RENEWED_AFTER_S
from webapp.models import AccessToken
from webapp.scope import Scope
from webapp.services import access, functions, networks

LAST_YEAR = "2025-11-26"


@pytest.fixture
def asking(app: FastAPI, session: Session) -> Asking:
    add_answers(session)
    return Asking(app)


def test_in_this_process_nothing_is_stale_for_a_moment(
    asking: Asking, session: Session, app: FastAPI
) -> None:
    async def scenario() -> None:
        user, browser = somebody(session)
        programs, function = program(app), functions.get(session, "fun")
        for who in (browser, programs):
            await asking(PREVIEW, **who)
            add(session, a_snapshot(function, body=b"[1]", etag=who.keys().__str__()))
            before = asking.passed_on
            assert (await asking(PREVIEW, **who)).body == b"[1]"
            assert asking.passed_on == before  # it has looked by itself
        access.end_sessions(session, user)
        session.commit()
        assert (await asking(PREVIEW, **browser)).status == 401
        access.revoke_api_token(Scope(session, "tests"), "tests")
        assert (await asking(PREVIEW, **programs)).status == 401
        assert (await asking(LINK)).status == 200
        network = networks.get(session, "net")
        network.link = None
        add(session, network)
        assert (await asking(LINK)).status == 404

    loops.run(scenario())


def test_what_another_replica_writes_counts_after_a_second(
    asking: Asking, session: Session, app: FastAPI
) -> None:
    """An ended session, a revoked token and a withdrawn link are refused by then."""

    async def scenario() -> None:
        _, browser = somebody(session)
        asked = [(PREVIEW, browser, 401), (PREVIEW, program(app), 401), (LINK, {}, 404)]
        for path, who, _ in asked:
            assert (await asking(path, **who)).status == 200
        elsewhere(app, "DELETE FROM access_token", "UPDATE network SET link = NULL")
        time_passes(app, FRESH_S)
        for path, who, status in asked:
            assert (await asking(path, **who)).status == status

    loops.run(scenario())


def test_a_new_answer_of_another_replica_is_prepared_before_the_old_one_is_too_old(
    asking: Asking, session: Session, app: FastAPI
) -> None:
    async def scenario() -> None:
        _, who = somebody(session)
        await asking(PREVIEW, **who)
        elsewhere(app, "UPDATE snapshot SET id = 'another', body = '[2]', etag = 'another'")
        time_passes(app, RENEWED_AFTER_S)
        before = asking.passed_on
        assert (await asking(PREVIEW, **who)).body == BODY  # and it looks for the next one
        while (await asking(PREVIEW, **who)).body == BODY:
            await asyncio.sleep(0)
        assert asking.passed_on == before

    loops.run(scenario())


def test_all_who_ask_at_once_wait_for_one_look(
    asking: Asking, session: Session, app: FastAPI
) -> None:
    async def scenario() -> None:
        _, who = somebody(session)
        await asking(PREVIEW, **who)
        time_passes(app, FRESH_S)
        with counted(app.state.parts.engine) as statements:
            answers = await asyncio.gather(*(asking(PREVIEW, **who) for _ in range(20)))
        assert {answered.status for answered in answers} == {200}
        assert len(statements) == 2  # who asks, and which version is the newest
        assert asking.passed_on == 1

    loops.run(scenario())


def test_a_session_is_used_by_hot_answers(asking: Asking, session: Session, app: FastAPI) -> None:
    async def scenario() -> None:
        _, who = somebody(session)
        by_itself = who | {"sec_fetch_dest": "empty"}
        for each in (who, by_itself):
            await asking(PREVIEW, **each)
        elsewhere(app, f"UPDATE access_token SET last_used_at = '{LAST_YEAR} 00:00:00'")
        time_passes(app, FRESH_S)
        before = asking.passed_on
        await asking(PREVIEW, **by_itself)
        assert f"{last_used(session):%Y-%m-%d}" == LAST_YEAR
        await asking(PREVIEW, **who)
        assert last_used(session) > ago(60)
        assert asking.passed_on == before

    loops.run(scenario())


def test_hot_answers_go_on_while_this_process_writes(asking: Asking, session: Session) -> None:
    async def scenario() -> None:
        _, who = somebody(session)
        network = networks.get(session, "net")
        await asking(PREVIEW, **who)
        for number in range(10):
            waiting = [asyncio.create_task(asking(PREVIEW, **who)) for _ in range(5)]
            await asyncio.sleep(0)
            network.idle_hours = number + 1
            add(session, network)
            assert {answered.status for answered in await asyncio.gather(*waiting)} == {200}
        assert asking.passed_on == 1

    loops.run(scenario())


def last_used(session: Session) -> datetime:
    session.expire_all()
    (row,) = session.exec(select(AccessToken)).all()
    assert row.last_used_at
    return row.last_used_at
