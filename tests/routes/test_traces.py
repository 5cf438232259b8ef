"""Spans of requests: one each, by the route's template, and nothing in them that is secret."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlmodel import Session

from tests import loops
from tests.routes.asking import LINK, PREVIEW, TABLE, Asking, add_answers, program, somebody
from tests.routes.conftest import HOST
from tests.secret_canary import TOKEN
from tests.services.rows import add_function
from tests.services.scripted import ScriptedAws, refusal
from tests.spans import Kept, attributes, is_part, kept, trace_of
from tests.tokens import mint
from webapp.logs import Lines
from webapp.main import NONE_OF_ITS_OWN, Egret
from webapp.rendering.templating import static_version

FILE = f"/static/{static_version()}/app.css"
CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OPAQUE = "sk_live_of_a_trace_4711"


@pytest.fixture
def in_memory() -> Iterator[Kept]:
    with kept() as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "name", "status"),
    [
        ("GET", "/networks/a-name", "GET /networks/{name}", 303),
        ("HEAD", "/networks/a-name", "HEAD /networks/{name}", 303),
        ("GET", "/api/v1/networks/a-name", "GET /api/v1/networks/{name}", 401),
        ("POST", "/networks", "POST /networks", 303),
        ("GET", "/nothing/a-name", "GET", 404),
        ("GET", FILE, "GET /static/{path}", 200),
        ("GET", "/healthz", "GET /healthz", 200),
    ],
)
def test_a_request_is_one_span_with_the_routes_template(
    client: Any, in_memory: Kept, method: str, path: str, name: str, status: int
) -> None:
    answer = client.request(method, path)
    (span,) = in_memory.all
    assert (span.name, attributes(span)["http.response.status_code"]) == (name, status)
    assert attributes(span)["egret.request_id"] == answer.headers["x-request-id"]
    assert "a-name" not in in_memory.text


@pytest.mark.parametrize("path", [PREVIEW, TABLE, LINK, FILE])
def test_a_hot_answer_has_the_span_of_the_routers(
    app: FastAPI, session: Session, in_memory: Kept, path: str
) -> None:
    add_answers(session)
    asking = Asking(app)
    asking.forget()
    who = {PREVIEW: program(app), TABLE: somebody(session)[1]}.get(path, {})
    ended_at = []

    async def ask() -> None:
        for _ in range(2):
            await asking(path, traceparent=CALLER, **who)
            ended_at.append(len(in_memory.all))

    loops.run(ask())
    assert (asking.passed_on, ended_at) == (1, [1, 2])
    of_router, hot = in_memory.all
    assert hot.name == of_router.name
    assert "{" in hot.name
    known = [attributes(span) for span in in_memory.all]
    assert known[0].pop("egret.request_id") != known[1].pop("egret.request_id")
    assert known[0] == known[1]
    assert all(len(span.links) == 1 for span in in_memory.all)


def test_the_log_names_the_trace_of_each_request(
    client: Any, in_memory: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "egret.access")
    caplog.handler.setFormatter(Lines("json"))
    for _ in range(2):
        client.get(FILE)
    client.get("/nothing")
    logged = [json.loads(line)["trace_id"] for line in caplog.text.splitlines()]
    assert logged == [trace_of(span) for span in in_memory.all]


def test_a_call_to_aws_is_a_part_of_its_request(
    app: FastAPI, signed_in: Any, session: Session, in_memory: Kept
) -> None:
    aws = ScriptedAws()
    app.state.parts = replace(app.state.parts, cloud=aws.cloud)
    add_function(session, outputs={"FunctionName": "egret-fun"})
    aws.answers["Invoke"] = refusal("TooManyRequestsException", status=429)
    signed_in.post("/functions/fun/snapshots")
    whole, call = in_memory.one("POST /functions/{name}/snapshots"), in_memory.one("Lambda/Invoke")
    assert is_part(call, whole)
    assert attributes(call)["error.type"] == "TooManyRequestsException"


def test_no_secret_of_a_request_is_in_a_span(
    app: FastAPI, signed_in: Any, client: Any, in_memory: Kept
) -> None:
    token, aws = mint(), ScriptedAws()
    app.state.parts = replace(app.state.parts, cloud=aws.cloud)
    signed_in.post("/keys", data={"name": "game", "secret": token})
    assert '"rpc.system": "aws-api"' in in_memory.text
    signed_in.post("/keys", data={"name": "bank", "secret": OPAQUE, "note": token})
    signed_in.get(f"/networks/none?secret={OPAQUE}")
    client.get(f"{LINK}-{OPAQUE}.txt")
    headers = {"Authorization": f"Bearer {token}", "Cookie": f"egret_session={OPAQUE}"}
    client.get(f"/api/v1/networks?q={token}", headers=headers | {"tracestate": f"a={OPAQUE}"})
    client.request("GET", f"/{OPAQUE}", headers={"traceparent": OPAQUE})
    assert len(in_memory.all) >= 5
    for secret in (token, OPAQUE, LINK.rpartition("/")[2]):
        assert secret not in in_memory.text
    assert not TOKEN.search(in_memory.text.encode())


def test_an_error_that_nobody_has_foreseen_is_an_error_without_its_words(
    app: FastAPI, signed_in: Any, in_memory: Kept
) -> None:
    app.state.parts = replace(app.state.parts, engine=None)
    answer = signed_in.get("/networks")
    assert answer.status_code == 500
    *_, span = in_memory.all
    assert attributes(span)["error.type"] == "500"
    assert not span.events


def test_the_frameworks_own_spans_which_have_paths_and_queries_are_off() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = Egret(telemetry={**NONE_OF_ITS_OWN, "tracer_provider": provider})
    TestClient(app, base_url=HOST).get("/?secret=1")
    assert not exporter.get_finished_spans()
