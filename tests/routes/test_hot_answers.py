"""Hot answers are what the router answers, to the same people, only sooner."""

import asyncio
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests import loops
from tests.routes.asking import LINK, PREVIEW, TABLE, Answered, Asking, counted
from tests.routes.people import bearer
from tests.services.rows import a_snapshot, add, add_function, ago
from webapp.capacity.waiting import OF_CLIENT_MAX
from webapp.hot.cache import FRESH_S, RENEWED_AFTER_S
from webapp.models import AccessToken, Network, Role, User
from webapp.rendering.templating import static_version
from webapp.services import access, functions, networks
from webapp.services.scope import Scope

BODY = b'{"items": [' + b",".join(b'{"name": "clan %d", "rank": 1}' % n for n in range(60)) + b"]}"
FILE = f"/static/{static_version()}/app.css"
PATHS = (PREVIEW, TABLE, f"{TABLE}?page=2", LINK, f"{LINK}.txt", FILE)
LONG_AGO = "Thu, 26 Nov 2020 07:00:00 GMT"
REQUEST_ID = re.compile(rb"[0-9a-f]{16}")
LAST_YEAR = "2025-11-26"
USUAL: dict[str, dict[str, str]] = {
    "plain": {},
    "gzip": {"accept_encoding": "gzip, deflate"},
    "brotli": {"accept_encoding": "gzip, deflate, br, zstd"},
    "any": {"accept_encoding": "*"},
    "no gzip": {"accept_encoding": "gzip;q=0, deflate"},
    "another one": {"if_none_match": '"nothing"'},
    "anything": {"if_none_match": "*"},
}


@pytest.fixture
def asking(app: FastAPI, session: Session) -> Asking:
    function = add_function(session)
    add(session, a_snapshot(function, body=BODY, etag="of-it", egress_ip="203.0.113.7", ttl_s=60))
    network = session.get_one(Network, function.network_id)
    network.link = LINK.rpartition("/")[2]
    add(session, network)
    return Asking(app)


def somebody(session: Session, role: Role = Role.VIEWER) -> tuple[User, dict[str, str]]:
    """A person, and the header of their browser."""
    user = User(name=f"a {role}", password_hash="of a test", role=role)
    add(session, user)
    return user, {"cookie": f"egret_session={access.open_session(session, user)}"}


def program(app: FastAPI, *scopes: str) -> dict[str, str]:
    return {"authorization": bearer(app, Role.VIEWER, scopes)["Authorization"]}


async def both(
    asking: Asking, path: str, who: dict[str, str], method: str = "GET", **sent: str
) -> tuple[bool, Answered]:
    """Whether the layer has answered it, and the answer, which is the router's."""
    asking.forget()
    of_router = await asking(path, method, **who, **sent)
    asking.forget()
    await asking(path, **who)
    before = asking.passed_on
    answered = await asking(path, method, **who, **sent)
    assert comparable(answered) == comparable(of_router), (path, method, sent)
    return asking.passed_on == before, answered


def comparable(answered: Answered) -> Answered:
    """Without what differs each time: an age, and the id of the request in an error."""
    body = REQUEST_ID.sub(b"", answered.body) if answered.status >= 400 else answered.body
    headers = tuple(each for each in answered.headers if each[0] != "age")
    return Answered(answered.status, headers, body)


def test_the_layer_answers_what_the_router_answers(asking: Asking, session: Session) -> None:
    async def scenario() -> None:
        _, who = somebody(session)
        for path in PATHS:
            is_early, known = await both(asking, path, who)
            assert (is_early, known.status) == (True, 200), path
            conditions = [known.header("etag"), f'"x", W/{known.header("etag").removeprefix("W/")}']
            for sent in (*USUAL.values(), *({"if_none_match": each} for each in conditions)):
                for method in ("GET", "HEAD"):
                    is_early, answered = await both(asking, path, who, method, **sent)
                    assert is_early, (path, sent)
                    wanted = 200 if sent.get("if_none_match") in (None, '"nothing"') else 304
                    assert answered.status == wanted, (path, sent)
                    assert bool(answered.body) == (method == "GET" and wanted == 200)

    loops.run(scenario())


def test_the_layer_leaves_to_the_router_what_it_does_not_know(
    asking: Asking, session: Session
) -> None:
    async def scenario() -> None:
        _, who = somebody(session)
        for path in PATHS:
            statuses = []
            for sent in ({"range": "bytes=0-9"}, {"if_modified_since": LONG_AGO}):
                is_early, answered = await both(asking, path, who, **sent)
                assert not is_early, (path, sent)
                statuses.append(answered.status)
            assert statuses == [206 if path == FILE else 200, 200]
            for method in ("POST", "DELETE", "OPTIONS"):
                is_early, answered = await both(asking, path, who, method)
                assert (is_early, answered.status) == (False, 405), path
            for host, status in (("evil.example", 400), ("localhost:8000", None)):
                asking.forget()
                await asking(path, **who)
                answered = await asking(path, **who | {"host": host})
                assert status is None or answered.status == status

    loops.run(scenario())


def test_nobody_gets_from_the_layer_what_the_router_refuses(
    asking: Asking, session: Session, app: FastAPI
) -> None:
    """Known is the answer, and known are others who may ask for it."""

    async def scenario() -> None:
        _, friend = somebody(session)
        others: list[tuple[str, dict[str, str], int]] = [
            (PREVIEW, {}, 401),
            (TABLE, {}, 303),
            (PREVIEW, {"cookie": "egret_session=egret_none"}, 401),
            (PREVIEW, {"authorization": "Bearer egret_none"}, 401),
            (PREVIEW, program(app, "networks"), 403),
            (PREVIEW, program(app, "functions"), 200),
            (TABLE, program(app), 303),
            (PREVIEW.replace("fun", "none"), friend, 404),
            (TABLE.replace("fun", "none"), friend, 404),
            (f"{LINK}2", {}, 404),
        ]
        for path, who, status in others:
            asking.forget()
            await asking(path, **friend)
            for _ in range(2):
                answered = await asking(path, **who)
                assert answered.status == status, (path, who)

    loops.run(scenario())


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


def elsewhere(app: FastAPI, *statements: str) -> None:
    """What another replica writes: this process has no part in it."""
    with closing(sqlite3.connect(app.state.parts.settings.data_dir / "egret.db")) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def time_passes(app: FastAPI, seconds: float) -> None:
    """Since what is known was looked up."""
    cache = app.state.parts.hot
    for key, (who, looked) in cache.who.items():
        cache.who[key] = who, replace(looked, at_s=looked.at_s - seconds)
    for slot in cache.slots.values():
        looked = slot.state.looked
        slot.state = replace(slot.state, looked=replace(looked, at_s=looked.at_s - seconds))


def last_used(session: Session) -> datetime:
    session.expire_all()
    (row,) = session.exec(select(AccessToken)).all()
    assert row.last_used_at
    return row.last_used_at


def test_all_who_are_the_first_to_ask_wait_for_one_of_them(
    asking: Asking, session: Session
) -> None:
    """More than may wait for the router: none of them is told to come again."""

    async def scenario() -> None:
        _, who = somebody(session)
        for path in (PREVIEW, FILE):
            asking.forget()
            asking.passed_on = 0
            answers = await asyncio.gather(*(asking(path, **who) for _ in range(2 * OF_CLIENT_MAX)))
            assert {answered.status for answered in answers} == {200}
            assert asking.passed_on == 1

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
