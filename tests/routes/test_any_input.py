"""Whatever is sent to whatever takes something: no failure, and what is refused leaves nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlmodel import Session, SQLModel

from tests.fast import thorough
from tests.inside import DirectClient
from tests.routes.all_routes import routes_of
from tests.routes.anything import (
    ID,
    KNOWN,
    TEXTS,
    VALUES,
    Form,
    bodies_of,
    fields_of_templates,
    forms_of,
    with_known,
)
from tests.routes.conftest import HOST
from tests.routes.people import bearer, sign_in
from tests.services.rows import IP, add, add_usable_function, an_address
from tests.services.scripted import ScriptedAws
from webapp.models import (
    AccessToken,
    Caller,
    Function,
    SavedRequest,
    Status,
    TokenKind,
    User,
    Whitelisting,
)

EXAMPLES = 3
"""Each is sent to every form, or to every operation."""
few = settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NOT_COUNTED = {"heartbeat", "guesses", "audit_event", "audit_head", "draft", "lease"}
"""Also written when something is refused, or by what only looks."""
QUERY_MAX_CHARS = 1500
"""So that the client sends it."""
REFUSALS = (400, 404, 413, 414, 422)
READS = ("Describe", "List", "Get")
ANSWERS = {200, 303, 304, 307, 308, 400, 404, 409, 414, 422, 502, 503}
HEADERS = ("if-none-match", "last-event-id", "accept", "x-request-id", "if-modified-since")
LINES = st.sampled_from(["", "\xff", "9" * 400, "-1", "NaN", "*", 'W/"', "a" * 3000, "\t"])
PARTS = st.sampled_from(
    [
        *("%00", "a%00b", "%ED%A0%80", "%F0%9F%98%80", "%E2%80%AE", "%0d%0aX:1", "..%2f..", "%"),
        *("%zz", "%2f", "%20", "NET", "1e9", "-1", "NaN", "new", "net.txt", "9" * 30, "a" * 3000),
    ]
)
FITTING = [(), ("name", "region"), ("network", "key", "template"), tuple(KNOWN)]
"""Which fields fit, of a form that is sent whole."""
NOT_TRIED = {"/sign-out", "/setup", "/sign-in"}
"""They end or need another session; what they take is tried in their own tests."""


class Tried:
    """The app with a function that is ready, on an AWS that answers nothing."""

    def __init__(self, app: FastAPI, client: Any, aws: ScriptedAws) -> None:
        self.client, self._aws = client, aws
        self._engine: Engine = app.state.parts.engine
        tables = [f"(SELECT count(*) FROM {quoted(n)})" for n in sorted(counted())]
        self._count = text(f"SELECT {', '.join(tables)}")

    def rows(self) -> tuple[int, ...]:
        with self._engine.connect() as connection:
            return tuple(connection.execute(self._count).one())

    def send(self, method: str, path: str, **sent: Any) -> int:
        """The status of the answer, which is never a failure. What is refused leaves nothing."""
        before = self.rows()
        self._aws.asked.clear()
        answer = self.client.request(method, path, **sent)
        status: int = answer.status_code
        assert status != 500, (method, path, sent, answer.text[:2000])
        asked = [name for name, _ in self._aws.asked]
        is_api = path.startswith("/api/")
        if status in REFUSALS and (is_api or not asked):  # a page shows what AWS refused with 422
            assert self.rows() == before, (method, path, sent)
            assert all(name.startswith(READS) for name in asked), (method, path, sent)
        return status


def counted() -> set[str]:
    return {table.name for table in SQLModel.metadata.sorted_tables} - NOT_COUNTED


def quoted(name: str) -> str:
    return f'"{name}"'


@pytest.fixture
def tried(app: FastAPI, scripted_aws: ScriptedAws, session: Session) -> Tried:
    scripted_aws.reset()
    app.state.parts = replace(app.state.parts, cloud=scripted_aws.cloud)
    add_more_rows(session, add_usable_function(session))
    session.close()
    client = DirectClient(app, base_url=HOST, follow_redirects=False)  # without the background loop
    sign_in(client, app)
    return Tried(app, client, scripted_aws)


def add_more_rows(session: Session, function: Function) -> None:
    """So that most forms are of something that there is."""
    limits: Any = {"rate": 1, "burst": 2, "quota": 10, "status": Status.READY}
    listed: Any = {"partner": "Bank", "partner_folded": "bank", "addresses": [IP]}
    saved: Any = {"name": "top", "content": {"event": {}}, "created_by": "ada"}
    bob = User(name="bob", password_hash="")
    add(
        session,
        an_address(ip="203.0.113.8", id=ID),
        Caller(name="web", function_id=function.id, **limits),
        Whitelisting(id=ID, network_id=function.network_id, **listed),
        SavedRequest(id=ID, function_id=function.id, **saved),
        bob,
        AccessToken(id=ID, kind=TokenKind.SESSION, token_hash=ID, user_id=bob.id),
    )


@pytest.fixture
def api(app: FastAPI) -> dict[str, str]:
    return bearer(app) | {"content-type": "application/json"}


def as_form(values: dict[str, Any]) -> bytes:
    """As a program may send it: also what is no character."""
    texts = {
        name: value if isinstance(value, str) else str(value) for name, value in values.items()
    }
    return urlencode(texts, errors="surrogatepass").encode()


@thorough("each operation with values that are made up")
def test_any_json_is_accepted_or_refused_by_the_api(
    tried: Tried, api: dict[str, str], app: FastAPI
) -> None:
    bodies = list(bodies_of(app))
    assert len(bodies) > 15
    refused = set[str]()

    @few
    @given(st.data())
    def try_all(data: Any) -> None:
        for form in bodies:
            body = json.dumps(form.values(data.draw, VALUES))
            if tried.send(form.method, form.path, content=body, headers=api) == 422:
                refused.add(form.path)

    try_all()
    assert len(refused) > len(bodies) / 2


@thorough("each form with values that are made up")
def test_any_text_is_accepted_or_refused_by_every_form(tried: Tried, app: FastAPI) -> None:
    forms = list(all_forms(tried, app))
    assert len(forms) > 15

    @few
    @given(st.data())
    def try_all(data: Any) -> None:
        for form in forms:
            content = as_form(form.values(data.draw, TEXTS))
            headers = {"content-type": "application/x-www-form-urlencoded"}
            tried.send(form.method, form.path, content=content, headers=headers)

    try_all()


@thorough("each route with values that are made up")
def test_any_text_is_accepted_or_refused_wherever_a_form_may_be_sent(
    tried: Tried, app: FastAPI
) -> None:
    """Also by forms that are on no page now, such as that which confirms a change."""
    routes = [each for each in routes_of(app) if each.method == "POST" and not each.is_api]
    paths = [with_known(each.path) for each in routes if each.path != "/sign-out"]
    fields = fields_of_templates()
    assert (len(paths) > 70, len(fields) > 50) == (True, True)

    @settings(parent=few, max_examples=2)
    @given(st.data())
    def try_all(data: Any) -> None:
        for path in paths:
            odd, fits = data.draw(TEXTS), data.draw(st.sampled_from(FITTING))
            content = as_form(dict.fromkeys(fields, odd) | {n: KNOWN[n] for n in fits})
            headers = {"content-type": "application/x-www-form-urlencoded"}
            tried.send("POST", path, content=content, headers=headers)

    try_all()


def all_forms(tried: Tried, app: FastAPI) -> Iterator[Form]:
    """Those of every page that can be shown here."""
    seen = set[Form]()
    for route in routes_of(app):
        if route.method == "GET" and not route.is_api and not is_stream(route.path):
            answer = tried.client.get(with_known(route.path))
            if answer.headers.get("content-type", "").startswith("text/html"):
                seen |= {form for form in forms_of(answer.text) if form.path not in NOT_TRIED}
    yield from sorted(seen, key=lambda form: (form.path, form.fields))


@thorough("each route with values that are made up")
def test_any_address_of_a_page_or_of_the_api_is_answered(
    tried: Tried, api: dict[str, str], app: FastAPI
) -> None:
    """Parts of the path, parameters of the query, headers: found, not found or refused."""
    routes = [route for route in routes_of(app) if route.reads and route.method == "GET"]
    names = parameters_of(app)

    @few
    @given(st.data())
    def try_all(data: Any) -> None:
        for route in routes:
            part, value = data.draw(PARTS), data.draw(TEXTS)
            to_known = data.draw(st.booleans()) and not is_stream(route.path)
            path = with_known(route.path) if to_known else route.to(part)
            asked = names.get(route.path) or ["after"]
            query = as_form(dict.fromkeys(asked, value[:QUERY_MAX_CHARS])).decode()
            headers = (api if route.is_api else {}) | odd_headers(data.draw(LINES))
            assert tried.send("GET", f"{path}?{query}", headers=headers) in ANSWERS, (path, query)

    try_all()


def odd_headers(value: str) -> dict[str, Any]:
    return dict.fromkeys(HEADERS, value.encode("latin-1"))


def parameters_of(app: FastAPI) -> dict[str, list[str]]:
    """The parameters in the query of each route, by their names there."""
    return {
        context.path or "": list(in_query(route.dependant))
        for context in iter_route_contexts(app.routes)
        if isinstance(route := context.original_route, APIRoute)
    }


def in_query(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for inner in dependant.dependencies:
        yield from in_query(inner)


def is_stream(path: str) -> bool:
    return path.endswith(("/stream", "/events", "/tail", "/live"))


@thorough("every route is asked")
def test_every_text_that_the_api_takes_has_a_size_in_its_description(bare_app: FastAPI) -> None:
    schema = bare_app.openapi()
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for path in schema["paths"].values()
        for operation in path.values()
        if "requestBody" in operation
    ]
    assert len(bodies) > 15
    found = [place for body in bodies for place in unlimited(schema, body, "")]
    assert not found


def unlimited(schema: dict[str, Any], part: dict[str, Any], place: str) -> Iterator[str]:
    """Where there is a text of any length. The settings and events of a function may be anything:
    the body has a limit, and a template the rest."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        yield from unlimited(schema, schema["components"]["schemas"][name], name)
    if part.get("type") == "string" and not {"enum", "const", "maxLength"} & part.keys():
        yield place
    for name, inner in part.get("properties", {}).items():
        yield from unlimited(schema, inner, f"{place}.{name}")
    for inner in [*part.get("anyOf", ()), *part.get("prefixItems", ())]:
        yield from unlimited(schema, inner, place)
    for name in ("items", "additionalProperties"):
        if isinstance(part.get(name), dict):
            yield from unlimited(schema, part[name], f"{place}.{name}")
