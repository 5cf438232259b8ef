"""A function is edited, reviewed and deployed, and rolled back to the first of three revisions."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import plain_http
from tests.dashboard import TIMEOUT_S, Dashboard
from tests.e2e.conftest import sign_in

NAME = "revised"
PAGE = f"/functions/{NAME}"
REVISIONS = f"{PAGE}/revisions"


@pytest.fixture
def function(shown: Dashboard) -> Iterator[dict[str, Any]]:
    """In its second revision, which has more memory than the first."""
    api = shown.api()
    new = {
        "name": NAME,
        "template": "clash_rankings",
        "network": "production",
        "key": "clash",
        "settings": {"location": "32000006", "limit": 3},
        "access": "open",
    }
    api.post("/functions", new).raise_for_status()
    made = api.settled(PAGE)
    preview = api.post(f"{PAGE}/change-preview", {"memory_mb": 512}).json()
    found = {(each["action"], each["resource_type"]) for each in preview["resources"]}
    assert {("Modify", "AWS::Lambda::Function"), ("Add", "AWS::Lambda::Version")} <= found
    assert "AWS::ApiGateway::RestApi" not in {kind for _, kind in found}
    assert api.patch(PAGE, {"memory_mb": 512}).json()["status"] == "updating"
    assert api.settled(PAGE)["revision"] == 2
    yield made
    api.delete(PAGE)
    api.gone(PAGE)


def test_a_function_is_changed_after_a_review_and_rolled_back_to_its_first_revision(
    page: Page, shown: Dashboard, function: dict[str, Any]
) -> None:
    api, url = shown.api(), function["endpoint_url"]
    sign_in(page, shown)
    page.goto(f"{shown.url}{PAGE}/edit")
    page.get_by_label("How many rows").fill("5")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("row", name="How many rows 3 5")).to_be_visible()
    expect(page.get_by_text("Calls are not interrupted.")).to_be_visible()
    page.get_by_role("button", name="Back to the form").click()
    expect(page.get_by_label("How many rows")).to_have_value("5")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_text("Revision 3 is being deployed.")).to_be_visible()
    changed = api.settled(PAGE)
    assert (changed["revision"], changed["settings"]["limit"], changed["memory_mb"]) == (3, 5, 512)
    assert len(plain_http.get(url, timeout=TIMEOUT_S).json()["items"]) == 5

    page.goto(f"{shown.url}{REVISIONS}/3?since=1")
    expect(page.get_by_role("row", name="Memory (MB) 256 512")).to_be_visible()
    page.goto(f"{shown.url}{REVISIONS}")
    page.get_by_role("button", name="Roll back to revision 1").click()
    expect(page.get_by_text("Rolling back to revision 1, as revision 4.")).to_be_visible()
    back = api.settled(PAGE)
    assert (back["revision"], back["settings"]["limit"], back["memory_mb"]) == (4, 3, 256)
    assert back["endpoint_url"] == url
    assert len(plain_http.get(url, timeout=TIMEOUT_S).json()["items"]) == 3

    listed = api.get(REVISIONS).json()["items"]
    assert [each["status"] for each in listed] == ["live", *["replaced"] * 3]
    assert api.get(f"{REVISIONS}/4").json()["copy_of"] == 1
    assert api.get(f"{REVISIONS}/4/differences", {"since": 1}).json()["changes"] == []
    form = {"version": listed[0]["template_version"]}
    done = plain_http.post(f"{shown.url}{PAGE}/template", data=form, cookies=shown.signed_in())
    assert done.status_code == 303
    assert api.post(f"{REVISIONS}/2/deployment").status_code == 202
    assert api.settled(PAGE)["memory_mb"] == 512
