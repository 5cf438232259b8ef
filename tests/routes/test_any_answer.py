"""Whatever a partner answers, it goes through the real handler and is stored and shown."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from tests.fast import thorough
from tests.lambda_templates.world import Clock, Environment, Respond, World, load, serving
from tests.partners.json_of_others import JSON
from tests.services.rows import add_function
from webapp.aws import Cloud
from webapp.aws.invocations import Invocation, invocation_of, payload_of
from webapp.models import Function
from webapp.partners import partner
from webapp.partners.clash_of_clans_rankings import POINTS
from webapp.rendering.templating import render
from webapp.services.functions import previews
from webapp.services.functions.catalogue.templates import Template, get_template

ANSWERS = {"clash_rankings": 500, "http_json": 100}
PAGE_EVERY = 5
"""The table, which differs most, is rendered each time; the whole page takes ten times as long."""
KINDS = {"clash_rankings": "Rankings", "http_json": "AnyJson"}
SETTINGS: dict[str, dict[str, Any]] = {
    "clash_rankings": {"location": "32000006", "ranking": "clans", "limit": 10},
    "http_json": {"url": "https://api.partner.example/v1", "max_kib": 1024},
}
FIELDS = st.sampled_from(
    [*POINTS, "rank", "previousRank", "name", "tag", "badgeUrls", "league", "clan", "members"]
)
HUGE = st.sampled_from([10**400, -(10**4000), 1e308, 2**63])
ODD = st.sampled_from(["\0", "\ud800", "\u202e", "</table><script>", {"small": "http://[::"}])
ROWS = st.lists(st.dictionaries(FIELDS, JSON | HUGE | ODD, max_size=6), max_size=4)
DEPTHS = st.integers(1, 9999)
TEXTS = st.one_of(
    st.builds(lambda items: json.dumps({"items": items}).encode(), ROWS),
    st.builds(lambda value: json.dumps(value).encode(), JSON),
    st.builds(lambda depth: b'{"items": ' + b"[" * depth + b"]" * depth + b"}", DEPTHS),
    st.sampled_from([b"", b"<html><h1>Maintenance</h1>", b"9" * 9999, b'{"items": [NaN]}']),
    st.binary(max_size=40),
)
BODIES = TEXTS | st.builds(lambda text, end: text[:end], TEXTS, st.integers(0, 30))
STATUSES = st.sampled_from([200] * 6 + [201, 204, 302, 304, 400, 401, 403, 404, 429, 500, 503])
HEADERS = st.sampled_from(
    [
        {},
        {"Content-Type": "text/html", "Cache-Control": "max-age=99999999999999999999"},
        {"Content-Type": "a\tb\x01", "Retry-After": "-1", "Location": "http://[::"},
        {"Content-Length": "9999"},
    ]
)


@dataclass
class Functions:
    """Runs the handler as AWS Lambda does: what it returns goes through JSON."""

    environment: Environment

    def invoke(self, _region: str, _name: str) -> Invocation:
        returned = json.dumps(self.environment.call()).encode()
        return invocation_of(payload_of(returned, raised=False)[0])


@pytest.fixture
def world() -> Iterator[World]:
    with serving() as made:
        yield made


@pytest.fixture(params=KINDS)
def template(request: pytest.FixtureRequest) -> Template:
    return get_template(request.param)


@pytest.fixture
def cloud(world: World, nowhere: Cloud, template: Template) -> Iterator[Cloud]:
    kind = getattr(load(template.name), KINDS[template.name])
    variables = world.environment(SETTINGS=json.dumps(SETTINGS[template.name]))
    environment = Environment(kind(variables), Clock())
    functions: Any = Functions(environment)
    yield replace(nowhere, functions=functions)
    environment.close()


@pytest.fixture
def function(session: Session, template: Template) -> Function:
    chosen = {"template": template.name, "settings": SETTINGS[template.name]}
    return add_function(session, outputs={"FunctionName": "fun"}, **chosen)


@thorough("600 answers that are made up")
def test_no_answer_of_a_partner_breaks_a_page_or_loses_the_last_good_one(
    world: World, cloud: Cloud, function: Function, session: Session, signed_in: Any
) -> None:
    template = get_template(function.template)
    table, adapter = f"functions/previews/{template.preview}.html", partner(template.partner)
    good, numbers = list[str](), itertools.count()

    @settings(
        max_examples=ANSWERS[template.name],
        phases=[Phase.generate],
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(status=STATUSES, headers=HEADERS, body=BODIES)
    def shown(status: int, headers: dict[str, str], body: bytes) -> None:
        answer: Respond = (status, headers, body)
        world.partner = lambda _: answer
        snapshot = previews.store_answer(session, cloud, function, region="eu-central-1")
        if snapshot.ok:
            good.append(snapshot.id)
            assert snapshot.body == body
            assert render(table, rows=adapter.rows(body)).encode()
        else:
            assert snapshot.problem
            assert "The function failed" not in snapshot.problem
        kept, _ = previews.latest(session, function)
        assert [kept.id] if kept else good[-1:] == []
        if next(numbers) % PAGE_EVERY == 0:
            assert signed_in.get(f"/functions/{function.name}").status_code == 200

    shown()
    assert good
    assert next(numbers) >= ANSWERS[template.name]
