"""The main job on PostgreSQL: by the API, and each page that shows it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import plain_http
from tests.dashboard import Api, Dashboard
from tests.portal import addresses_of, partner_key, revoke
from tests.postgresql import PostgreSql
from webapp.sandbox.launcher import Sandbox

REGION = "us-east-1"
NAME = "elephant"
NETWORK, FUNCTION = f"/networks/{NAME}", f"/functions/{NAME}"
TEMPLATE = "clash_rankings"
PAGES = ("/", "/networks", NETWORK, "/addresses", "/keys", f"/keys/{NAME}", "/functions", FUNCTION)


@pytest.fixture
def dashboard(sandbox: Sandbox, postgresql: PostgreSql, tmp_path: Path) -> Iterator[Dashboard]:
    own = {"EGRET_NAME_PREFIX": NAME, "EGRET_DATABASE_URL": postgresql.new_database()}
    with Dashboard(sandbox, tmp_path, environment=own) as running:
        yield running


def test_from_nothing_to_the_answer_and_back(dashboard: Dashboard, sandbox: Sandbox) -> None:
    cookies = dashboard.signed_in()
    api = dashboard.api()
    api.post("/networks", {"name": NAME, "region": REGION}).raise_for_status()
    network = api.settled(NETWORK)
    assert network["status"] == "ready", network["reason"]
    secret = partner_key(sandbox, addresses_of(network))
    api.post("/keys", {"name": NAME, "secret": secret}).raise_for_status()
    wish = {"name": NAME, "template": TEMPLATE, "key": NAME, "network": NAME}
    api.post("/functions", wish).raise_for_status()
    assert api.settled(FUNCTION)["status"] == "ready"
    fetched = api.post(f"{FUNCTION}/snapshots").raise_for_status().json()
    assert fetched["egress_ip"] in addresses_of(network)
    preview = api.get(f"{FUNCTION}/preview").raise_for_status()
    assert len(preview.json()["items"]) == 10
    known = {"If-None-Match": preview.headers["ETag"]}
    assert api.get(f"{FUNCTION}/preview", headers=known).status_code == 304
    for path in PAGES:
        page = plain_http.get(f"{dashboard.url}{path}", cookies=cookies)
        assert (page.status_code, NAME in page.text) == (200, True), path
    daily_work(api, dashboard.url, cookies)
    for path in (FUNCTION, NETWORK):
        api.delete(path).raise_for_status()
        api.gone(path)
    api.delete(f"/keys/{NAME}").raise_for_status()
    revoke(sandbox, secret)
    done = [event["action"] for event in api.get("/audit-events").json()["items"]]
    assert done.count("delete") == 3
    assert not (dashboard.data_dir / "egret.db").exists()


def daily_work(api: Api, url: str, cookies: dict[str, str]) -> None:
    """A caller, saved requests, and what the function did: by the API, and by forms."""

    def sent(path: str, **form: str) -> int:
        return plain_http.post(f"{url}{path}", data=form, cookies=cookies).status_code

    callers, saved = f"{FUNCTION}/callers", f"{FUNCTION}/saved-requests"
    api.post(callers, {"name": "web"}).raise_for_status()
    assert sent(f"{callers}/web/limits", rate="5", quota="9") == 303
    assert api.get(f"{callers}/web").json()["rate"] == 5
    for name in ("one", "two"):
        request = {"method": "GET", "path": "/"}
        api.post(saved, {"name": name, "request": request}).raise_for_status()
    one, two = api.get(saved).json()["items"]
    api.delete(f"{saved}/{one['id']}").raise_for_status()
    assert sent(f"{saved}/{two['id']}/deletion") == 303
    assert api.get(saved).json()["items"] == []
    assert api.get(f"{FUNCTION}/requests").json()["items"][0]["status"] == 200
    assert api.get(f"{NETWORK}/metrics").json()["series"]
