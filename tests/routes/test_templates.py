"""The catalogue's page and its list in the API, and the form that is made from a template."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.people import sign_in
from tests.services.functions.catalogue.folders import ALL_TYPES, DESCRIPTION, write_template
from tests.services.rows import a_key, a_network, add, add_function, an_address
from webapp.services.functions.catalogue.templates import catalogue

BY_SETTING = DESCRIPTION.replace(
    'partner_origin = "https://api.example.com"', 'origin_setting = "url"'
)
SENT = {
    "template": "items",
    "name": "Bad Name",
    "network": "net",
    "key": "key",
    "settings.url": "http://api.example.com",
    "settings.limit": "99",
    "settings.methods": "",
    "settings.methods.1": "POST",
    "settings.strict": "false",
    "settings.parameters": "",
    "settings.parameters.0.name": "id",
    "settings.parameters.1.name": "ID",
}


@pytest.fixture
def own(tmp_path: Path, client: Any, app: FastAPI) -> Iterator[Path]:
    """The user's folder, with one template of all types of settings."""
    sign_in(client, app)
    write_template(tmp_path / "own", description=BY_SETTING + ALL_TYPES)
    catalogue.use(tmp_path / "own")
    yield tmp_path / "own"
    catalogue.use(None)


@pytest.mark.usefixtures("own")
def test_the_api_gives_the_schema_of_the_settings(client: Any) -> None:
    listed = client.get("/api/v1/templates").json()
    items = {item["name"]: item for item in listed["items"]}
    assert listed["faults"] == []
    assert items["items"]["settings_schema"]["properties"]["limit"]["maximum"] == 20
    assert (items["items"]["user_made"], items["items"]["origin_setting"]) == (True, "url")
    old = items["clash_rankings"]
    limit = next(setting for setting in old["settings"] if setting["name"] == "limit")
    assert (limit["type"], limit["minimum"], limit["default"]) == ("integer", 1, 10)
    assert old["timeout_s"] == {"default": 28, "minimum": 10, "maximum": 29}


def test_a_faulty_folder_is_explained_on_the_page_and_in_the_api(client: Any, own: Path) -> None:
    write_template(own, "broken", handler="def")
    catalogue.use(own)
    (fault,) = client.get("/api/v1/templates").json()["faults"]
    assert (fault["folder"], fault["code"], fault["line"]) == ("broken", "bad_handler", 1)
    page = client.get("/templates").text
    assert "broken: handler.py is not valid Python." in page
    assert "<code>broken/handler.py</code>, line 1" in page
    assert "Clash of Clans rankings" in page
    assert "Bearer token, In a header, In the query" in page
    assert "the host in its setting Address" in page


def test_the_page_says_how_to_add_one(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    page = client.get("/templates").text
    assert "<code>EGRET_TEMPLATES_DIR</code>" in page
    assert "267" in page


@pytest.mark.usefixtures("own")
def test_the_form_offers_all_templates_and_shows_the_settings_of_one(
    client: Any, session: Session
) -> None:
    network = a_network()
    add(session, network, an_address(network), a_key())
    first = client.get("/functions/new").text
    assert 'value="clash_rankings" checked' in first
    assert 'name="settings.location"' in first
    assert "The items of a shop." in first
    other = client.get("/functions/new?template=items&name=mine").text
    assert 'value="items" checked' in other
    assert 'value="mine"' in other
    assert 'name="settings.location"' not in other
    assert 'type="url"' in other
    assert 'id="settings.methods.0" name="settings.methods.0" value="GET" checked' in other
    assert 'name="settings.parameters.0.name"' in other
    assert "More rows" in other


@pytest.mark.usefixtures("own")
def test_a_refused_form_comes_back_as_it_was_filled_in(client: Any, session: Session) -> None:
    network = a_network()
    add(session, network, an_address(network), a_key())
    answer = client.post("/functions", data=SENT)
    page = answer.text
    assert answer.status_code == 422
    assert 'id="settings.url-error"' in page
    assert "Enter a whole number from 1 to 20." in page
    assert 'id="settings.parameters.1.name-error"' in page
    assert 'name="settings.parameters.1.name" type="text" value="ID"' in page
    assert 'value="POST" checked' in page
    assert 'value="GET" checked' not in page
    assert 'id="settings.strict" name="settings.strict" value="true" checked' not in page


def test_pages_of_functions_work_without_their_template(
    client: Any, app: FastAPI, session: Session
) -> None:
    sign_in(client, app)
    add_function(session, template="gone", settings={"limit": 10, "rows": [{"a": "b"}]})
    page = client.get("/functions/fun").text
    assert "<dt>limit</dt><dd>10</dd>" in page
    assert "<dt>rows</dt><dd>a b</dd>" in page
    assert client.get("/functions").status_code == 200
    assert client.get("/api/v1/functions/fun").json()["template"] == "gone"
    assert client.get("/functions/new?template=gone").status_code == 404
