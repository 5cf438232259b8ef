"""A form that was sent: the page that shows it, and what is kept of it in that page's address."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select
from starlette.datastructures import FormData

from tests.routes.all_routes import Route, routes_of_the_product
from webapp.models import KeptDraft, utc_now
from webapp.rendering.drafts import DRAFTS_MAX, KEPT_FOR, QUERY_MAX_CHARS, draft_url, page_of


@pytest.fixture(scope="module")
def pages() -> list[Route]:
    return [route for route in routes_of_the_product() if not route.is_api]


def test_every_form_has_a_page_that_can_be_loaded(pages: list[Route]) -> None:
    sent = [route for route in pages if route.method == "POST"]
    assert len(sent) > 25
    for form in sent:
        page = page_of(form.to_nothing)
        assert (page == "/") == (form.path == "/sign-out"), form
        assert any(route.matches("GET", page) for route in pages), form


def test_every_form_of_the_templates_is_sent_to_a_route(pages: list[Route]) -> None:
    """So none of them is missed by the test before this one."""
    texts = [path.read_text() for path in Path("templates").rglob("*.html")]
    assert sum(text.count('method="post"') for text in texts) > 25
    found = re.compile(r'<button(?: formmethod="(get)")?[^>]* formaction="([^"]+)"')
    actions = [(m.upper() or "POST", path) for text in texts for m, path in found.findall(text)]
    assert actions
    assert all(any(route.matches(m, path) for route in pages) for m, path in actions)


def test_what_was_typed_is_in_the_address_of_the_forms_page(engine: Engine) -> None:
    form = FormData([("name", "a & b"), ("addresses", "1"), ("addresses", "2"), ("cidr", "")])
    path, _, query = draft_url(engine, "/networks", form).partition("?")
    assert path == "/networks/new"
    assert parse_qs(query) == {"name": ["a & b"], "addresses": ["1", "2"]}


def test_settings_of_a_template_are_kept_too(engine: Engine) -> None:
    form = FormData([("settings.location", "32000006"), ("network", "n")])
    assert (
        draft_url(engine, "/functions", form)
        == "/functions/new?settings.location=32000006&network=n"
    )


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/keys", "secret"),
        ("/keys/clash/versions", "secret"),
        ("/setup", "password"),
        ("/sign-in", "password"),
        ("/sign-in", "name"),
        ("/networks/production/deletion", "confirm"),
        ("/networks", "invented"),
    ],
)
def test_a_secret_a_confirmation_and_what_is_unknown_is_in_no_address(
    engine: Engine, path: str, field: str
) -> None:
    assert not urlsplit(draft_url(engine, path, FormData([(field, "hidden")]))).query


def test_a_long_form_is_kept_in_the_database_without_its_secrets(engine: Engine) -> None:
    form = FormData([("name", "n"), ("note", "\U0001f600" * 500), ("secret", "eyJhidden")])
    path, _, query = draft_url(engine, "/keys", form).partition("?draft=")
    assert path == "/keys/new"
    assert 20 < len(query) < 40
    with Session(engine) as session:
        (row,) = session.exec(select(KeptDraft))
    assert row.fields == [["name", "n"], ["note", "\U0001f600" * 500]]
    assert query not in str(row.model_dump())


def test_old_drafts_are_deleted_and_so_are_all_but_the_newest(engine: Engine) -> None:
    note = FormData([("note", "x" * (QUERY_MAX_CHARS + 1))])
    with Session(engine) as session:
        old = utc_now() - KEPT_FOR - timedelta(minutes=1)
        session.add(KeptDraft(token_hash="old", path="/keys/new", fields=[], created_at=old))
        for number in range(DRAFTS_MAX):
            session.add(KeptDraft(token_hash=f"{number}", path="/keys/new", fields=[]))
        session.commit()
        draft_url(engine, "/keys", note)
        left = session.exec(select(KeptDraft.token_hash)).all()
    assert len(left) == DRAFTS_MAX
    assert not {"old", "0"} & {*left}


def test_a_name_from_the_address_bar_stays_a_name() -> None:
    assert page_of("/networks/a b?c/parking") == "/networks/a%20b%3Fc"
