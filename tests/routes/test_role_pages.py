"""No page shows a form, a button or a link that is refused to whom it is shown."""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests import loops
from tests.fast import thorough
from tests.routes.all_routes import Route, declarations
from tests.routes.conftest import HOST
from tests.routes.people import sign_in
from tests.services.rows import (
    a_function,
    a_key,
    a_network,
    a_proof,
    a_snapshot,
    add,
    an_address,
)
from webapp.models import (
    Access,
    AddressStatus,
    Caller,
    KeyVersion,
    RevisionStatus,
    Role,
    SavedRequest,
    Status,
    User,
    Whitelisting,
)
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.revisions import rows as revisions

SECTIONS = ("/networks", "/addresses", "/keys", "/functions", "/orphans")
ELSEWHERE = {
    "/functions/{name}/edit/deployment",
    "/networks/{name}/change/confirmation",
    "/networks/{name}/drift",
    "/networks/{name}/drift/restoration",
    "/orphans/adoption",
    "/orphans/deletion",
}
"""Forms that only AWS's answers, or an earlier form, lead to."""
OPENING = "/functions/fun/revisions/1"
"""To go back to it lets everyone call the endpoint, which takes an admin."""
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
BUTTON = re.compile(r"<button\b([^>]*)>")
LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"]*)"')
"""Of a form: its attributes, and what is in it."""


CLAIMS = {"kind": "a key", "cidrs": ["203.0.113.1"], "scopes": [], "tier": "", "issued_at": ""}


@pytest.fixture
def world(session: Session) -> None:
    """A row in every state that changes what its pages offer."""
    key, idle = a_key("key", claims=CLAIMS), a_key("idle", claims=CLAIMS)
    ready = a_network("ready", outputs={"AvailabilityZones": "eu-central-1a"}, link="link")
    parked = a_network("parked", status=Status.PARKED, idle_hours=3)
    changing = a_network(
        "changing", change={"availability_zones": 2, "nat": "single", "preview": []}
    )
    failed = a_network("failed", status=Status.FAILED, reason="AWS refused it.")
    leaving = a_network("leaving", status=Status.FAILED, unwanted=True, reason="AWS refused it.")
    add(session, key, idle, ready, parked, changing, failed, leaving)
    for number, network in enumerate((ready, parked, changing)):
        add(session, an_address(network, f"203.0.113.{number}"))
    lost = an_address(None, "203.0.113.9", status=AddressStatus.LOST)
    add(session, an_address(None, "203.0.113.8"), lost, a_proof(ready, ip="203.0.113.0"))
    for version, stage in (("v2", "AWSCURRENT"), ("v1", "AWSPREVIOUS")):
        add(
            session,
            KeyVersion(id=version, key_id=key.id, stage=stage, fingerprint="0", claims=CLAIMS),
        )
    settings = {"location": "32000006", "ranking": "clans", "limit": 10}
    outputs = {"FunctionName": "fun", "EndpointUrl": "https://a.example/live/"}
    fun = a_function(ready, key, "fun", settings=settings, outputs=outputs, stack_id="stack")
    broken = a_function(ready, key, "broken", status=Status.FAILED, settings=settings)
    add(session, fun, broken, a_snapshot(fun, ok=False, problem="403"))
    for number, access in ((1, Access.OPEN), (2, Access.IAM), (3, Access.API_KEY)):
        fun.revision, fun.access = number, access
        revision = revisions.describe(session, fun, get_template("clash_rankings"))
        revision.template_version = "older"
        revision.status = RevisionStatus.LIVE if number == 3 else RevisionStatus.REPLACED
        add(session, revision)
    add(
        session,
        Caller(function_id=fun.id, name="web", status=Status.READY, rate=1, burst=2, quota=3),
    )
    bank = Whitelisting(network_id=ready.id, partner="bank", partner_folded="bank", addresses=[])
    content = {"method": "GET", "path": "", "query": "", "headers": {}, "body": ""}
    saved = SavedRequest(function_id=fun.id, name="one", content=content, created_by="ada")
    add(session, bank, saved)


PAGES = [
    "/",
    "/overview",
    "/networks",
    *[f"/networks/{name}" for name in ("ready", "parked", "changing", "failed", "leaving")],
    *[f"/networks/ready/{page}" for page in ("whitelist", "schedule")],
    "/networks/parked/schedule",
    "/networks/parked/whitelist",
    "/addresses",
    "/keys",
    "/keys/key",
    "/keys/new",
    "/keys/idle",
    "/functions",
    "/functions/new",
    "/functions/fun",
    "/functions/broken",
    *[f"/functions/fun/{page}" for page in ("edit", "callers", "revisions", "console")],
    *[f"/functions/fun/revisions/{number}" for number in (1, 2, 3)],
    "/templates",
    "/networks/new",
    "/orphans",
]


@thorough("every page for every role")
@pytest.mark.usefixtures("world")
def test_a_page_offers_what_its_reader_may_do_and_nothing_else(
    app: FastAPI, session: Session
) -> None:
    client: Any = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST)
    sign_in(client, app)
    needed = {route: found for route, (found,) in declarations(app).items() if found}

    async def read() -> set[tuple[str, Route]]:
        answers = [await client.get(path) for path in PAGES]
        assert {answer.status_code for answer in answers} <= {200, 403}
        return {
            (answer.url.path, route)
            for answer in answers
            if answer.status_code == 200
            for method, path in offers(answer.text)
            if (route := find(needed, method, path))
        }

    offered = {}
    for role in Role:
        session.exec(select(User)).one().role = role
        session.commit()
        offered[role] = loops.run(read())
        assert [each for each in offered[role] if not role.includes(needed[each[1]])] == []

    kept = {
        (page, route)
        for page, route in offered[Role.ADMIN]
        if not route.reads and Role.OPERATOR.includes(needed[route])
    }
    assert {page for page, _ in kept - offered[Role.OPERATOR]} == {"/keys/new", OPENING}
    posts = {route for route in needed if not route.reads and route.path.startswith(SECTIONS)}
    posts -= {route for _, route in offered[Role.ADMIN]}
    assert {route.path for route in posts} == ELSEWHERE


def offers(html: str) -> list[tuple[str, str]]:
    """Method and path of everything that can be pressed or followed."""
    found = [("GET", path) for path in LINK.findall(html)]
    for attributes, content in FORM.findall(html):
        form = dict(ATTRIBUTE.findall(attributes))
        for button in [{}, *(dict(ATTRIBUTE.findall(each)) for each in BUTTON.findall(content))]:
            method = (button.get("formmethod") or form.get("method") or "get").upper()
            found.append((method, button.get("formaction") or form.get("action") or "/"))
    return found


def find(routes: dict[Route, Any], method: str, path: str) -> Route | None:
    """Of several that match, the first one answers."""
    return next((r for r in routes if r.matches(method, urlsplit(path).path)), None)
