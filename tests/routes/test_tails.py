"""Live tails of a log, as a browser gets them; AWS answers by a script."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests import loops
from tests.services.functions.activity.logged import LINES, NOW_MS, log_of
from tests.services.scripted import ScriptedAws, refusal
from webapp.models import Function
from webapp.routes.pages import tails
from webapp.services.functions.activity.tails import STREAMS_MAX, Tails

LOG = "/functions/fun/logs"
TIMEOUT_S = 10.0


@pytest.fixture
def aws(app: FastAPI, aws: ScriptedAws) -> ScriptedAws:
    """At the time of the log's lines."""
    noon = datetime.fromtimestamp(NOW_MS / 1000, UTC)
    app.state.parts = replace(app.state.parts, tails=Tails(today=lambda: noon))
    return aws


def streamed(browser: Any, query: str, until: str, **headers: str) -> str:
    """What the live tail sends until it has sent that text."""
    app = browser.app
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    sent = {"host": "127.0.0.1:8000", "cookie": cookies} | headers

    async def listen() -> str:
        heard, told = "", asyncio.Event()

        async def receive() -> Any:
            await told.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal heard
            heard += message.get("body", b"").decode()
            if until in heard:
                told.set()

        scope = {
            "type": "http",
            "method": "GET",
            "path": f"{LOG}/tail",
            "raw_path": b"",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
        }
        async with asyncio.timeout(10):
            streaming = asyncio.create_task(app(scope, receive, send))
            await told.wait()
            streaming.cancel()
            await asyncio.gather(streaming, return_exceptions=True)
        return heard

    heard: str = loops.run(listen())
    return heard


def test_a_live_tail_sends_new_lines_with_their_places(aws: ScriptedAws, signed_in: Any) -> None:
    log_of(aws, *LINES)
    place = f"{NOW_MS - 1000}.0"
    heard = streamed(signed_in, f"after={place}", f"id: {NOW_MS - 998}.2")
    assert heard.count("event: line") == 2
    assert "&lt;b&gt;" in heard
    heard = streamed(
        signed_in, "", f"id: {NOW_MS - 998}.2", **{"last-event-id": f"{NOW_MS - 999}.1"}
    )
    assert heard.count("event: line") == 1


def test_a_live_tail_ends_with_what_cannot_be_read(aws: ScriptedAws, signed_in: Any) -> None:
    denied = "User: x is not authorized to perform: logs:FilterLogEvents on resource: y"
    aws.answers["FilterLogEvents"] = refusal("AccessDeniedException", denied)
    assert "AWS answered AccessDenied" in streamed(signed_in, "level=error", "event: done")
    aws.answers["FilterLogEvents"] = refusal("ThrottlingException", "Rate exceeded")
    assert "Rate exceeded" in streamed(signed_in, "level=info", "event: note")


def test_a_live_tail_ends_when_who_watches_may_not_see_it_any_more(
    aws: ScriptedAws, signed_in: Any, session: Session
) -> None:
    def answer(_asked: Any) -> dict[str, Any]:
        session.connection().exec_driver_sql("DELETE FROM access_token")
        session.commit()
        return {"events": [{"timestamp": NOW_MS, "message": "unseen", "eventId": "1"}]}

    aws.answers["FilterLogEvents"] = answer
    heard = streamed(signed_in, "filter=a", "event: done")
    assert "You are not signed in." in heard
    assert "unseen" not in heard


def test_a_live_tail_ends_with_the_session_although_aws_does_not_answer(
    aws: ScriptedAws, signed_in: Any, session: Session
) -> None:
    answered = Event()

    def answer(_asked: Any) -> dict[str, Any]:
        session.connection().exec_driver_sql("DELETE FROM access_token")
        session.commit()
        assert answered.wait(TIMEOUT_S)
        return {"events": []}

    aws.answers["FilterLogEvents"] = answer
    try:
        assert "You are not signed in." in streamed(signed_in, "filter=b", "event: done")
    finally:
        answered.set()


def test_a_live_tail_ends_when_its_function_is_deleted(
    aws: ScriptedAws, signed_in: Any, session: Session
) -> None:
    def answer(_asked: Any) -> dict[str, Any]:
        session.delete(session.exec(select(Function)).one())
        session.commit()
        return {"events": []}

    aws.answers["FilterLogEvents"] = answer
    assert "There is no function named fun" in streamed(signed_in, "filter=b", "event: done")


def test_a_live_tail_has_a_place_for_as_long_as_it_is_open(
    aws: ScriptedAws, signed_in: Any, app: FastAPI
) -> None:
    log_of(aws, *LINES)
    with ExitStack() as others:
        for _ in range(STREAMS_MAX):
            others.enter_context(app.state.parts.tails.stream())
        heard = streamed(signed_in, "", "event: done")
        assert "20 live tails are open, which is the maximum. Close another one" in heard
    for _ in range(2):
        assert "event: line" in streamed(signed_in, f"after={NOW_MS - 9999}.0", "event: line")
    with ExitStack() as others:
        for _ in range(STREAMS_MAX):
            others.enter_context(app.state.parts.tails.stream())


def test_a_live_tail_says_before_it_begins_what_is_wrong(aws: ScriptedAws, signed_in: Any) -> None:
    assert signed_in.get(f"{LOG}/tail", params={"level": "fatal"}).status_code == 422
    assert signed_in.get("/functions/nothing/logs/tail").status_code == 404
    assert aws.calls("FilterLogEvents") == []
    assert tails.ENDED == "The live tail ended after 15 minutes."
