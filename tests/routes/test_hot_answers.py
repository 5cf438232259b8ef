"""Hot answers are what the router answers, to the same people, only sooner."""

import asyncio
import io
import logging
import re
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from tests import loops
from tests.fast import thorough
from tests.routes.asking import (
    LINK,
    PREVIEW,
    TABLE,
    Answered,
    Asking,
    add_answers,
    program,
    somebody,
    time_passes,
)
from webapp import logs
from webapp.capacity.waiting import OF_CLIENT_MAX
from webapp.hot.cache import FRESH_S
from webapp.models import Role
from webapp.rendering.templating import static_version

FILE = f"/static/{static_version()}/app.css"
PATHS = (PREVIEW, TABLE, f"{TABLE}?page=2", LINK, f"{LINK}.txt", FILE)
LONG_AGO = "Thu, 26 Nov 2020 07:00:00 GMT"
REQUEST_ID = re.compile(rb"[0-9a-f]{16}")
USUAL: dict[str, dict[str, str]] = {
    "plain": {},
    "gzip": {"accept_encoding": "gzip, deflate"},
    "brotli": {"accept_encoding": "gzip, deflate, br, zstd"},
    "any": {"accept_encoding": "*"},
    "no gzip": {"accept_encoding": "gzip;q=0, deflate"},
    "another one": {"if_none_match": '"nothing"'},
    "anything": {"if_none_match": "*"},
}
BY_HEAD = (USUAL["plain"], USUAL["brotli"], USUAL["anything"])


@pytest.fixture
def asking(app: FastAPI, session: Session) -> Asking:
    add_answers(session)
    return Asking(app)


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


@thorough("hundreds of requests")
def test_the_layer_answers_what_the_router_answers(asking: Asking, session: Session) -> None:
    async def scenario() -> None:
        _, who = somebody(session)
        for path in PATHS:
            is_early, known = await both(asking, path, who)
            assert (is_early, known.status) == (True, 200), path
            conditions = [known.header("etag"), f'"x", W/{known.header("etag").removeprefix("W/")}']
            for sent in (*USUAL.values(), *({"if_none_match": each} for each in conditions)):
                for method in ("GET", "HEAD") if sent in BY_HEAD else ("GET",):
                    is_early, answered = await both(asking, path, who, method, **sent)
                    assert is_early, (path, sent)
                    wanted = 200 if sent.get("if_none_match") in (None, '"nothing"') else 304
                    assert answered.status == wanted, (path, sent)
                    assert bool(answered.body) == (method == "GET" and wanted == 200)

    loops.run(scenario())


@pytest.mark.parametrize("role", Role)
def test_whoever_may_read_gets_the_same_early(asking: Asking, session: Session, role: Role) -> None:
    async def scenario() -> None:
        _, who = somebody(session, role)
        for path in (PREVIEW, TABLE):
            is_early, answered = await both(asking, path, who)
            assert (is_early, answered.status) == (True, 200)

    loops.run(scenario())


def test_who_has_to_set_up_a_second_factor_is_led_there_by_the_router(
    asking: Asking, session: Session, app: FastAPI
) -> None:
    settings = app.state.parts.settings.model_copy(update={"second_factor_from": "viewer"})

    async def scenario() -> None:
        _, who = somebody(session)
        await asking(TABLE, **who)
        app.state.parts = replace(app.state.parts, settings=settings)
        time_passes(app, FRESH_S)
        assert (await asking(TABLE, **who)).status == 303

    loops.run(scenario())


@thorough("hundreds of requests")
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


def test_lines_that_wait_are_written_before_the_process_ends(app: FastAPI) -> None:
    written, stream = io.StringIO(), logs.Stream()
    stream.setStream(written)
    logging.root.addHandler(stream)
    try:
        with TestClient(app):
            stream.later("the last line")
        assert "the last line\n" in written.getvalue()
    finally:
        logging.root.removeHandler(stream)
