"""A form that was sent: the page that shows it, and what is kept of it in that page's address."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.datastructures import FormData

from tests.routes.all_routes import Route, routes_of_the_product
from webapp.drafts import QUERY_MAX_CHARS, draft_url, page_of


@pytest.fixture(scope="module")
def pages() -> list[Route]:
    return [route for route in routes_of_the_product() if not route.is_api]


def test_every_form_has_a_page_that_can_be_loaded(pages: list[Route]) -> None:
    sent = [route for route in pages if route.method == "POST"]
    assert len(sent) > 25
    for form in sent:
        page = page_of(form.to_nothing)
        assert any(route.matches("GET", page) for route in pages), form


def test_every_form_of_the_templates_is_sent_to_a_route() -> None:
    """So none of them is missed by the test before this one."""
    texts = [path.read_text() for path in Path("templates").rglob("*.html")]
    assert sum(text.count('method="post"') for text in texts) > 25
    assert not [text for text in texts if "formaction" in text and "formmethod" not in text]


def test_what_was_typed_is_in_the_address_of_the_forms_page() -> None:
    form = FormData([("name", "a & b"), ("addresses", "1"), ("addresses", "2"), ("cidr", "")])
    path, _, query = draft_url("/networks", form).partition("?")
    assert path == "/networks/new"
    assert parse_qs(query) == {"name": ["a & b"], "addresses": ["1", "2"]}


def test_settings_of_a_template_are_kept_too() -> None:
    form = FormData([("settings.location", "32000006"), ("network", "n")])
    assert draft_url("/functions", form) == "/functions/new?settings.location=32000006&network=n"


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
    path: str, field: str
) -> None:
    assert not urlsplit(draft_url(path, FormData([(field, "hidden")]))).query


def test_a_very_long_form_is_not_kept_rather_than_refused_as_an_address() -> None:
    form = FormData([("name", "n"), ("note", "x" * QUERY_MAX_CHARS)])
    assert draft_url("/keys", form) == "/keys/new"


def test_a_name_from_the_address_bar_stays_a_name() -> None:
    assert page_of("/networks/a b?c/parking") == "/networks/a%20b%3Fc"
