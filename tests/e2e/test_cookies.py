"""Which cookies a real browser sends where."""

from playwright.sync_api import Page, expect

from tests.dashboard import Dashboard
from tests.e2e.conftest import sign_in
from webapp.browsers import SESSION_COOKIE
from webapp.sandbox.launcher import Sandbox


def test_the_portal_gets_no_cookie_of_the_dashboard(
    page: Page, shown: Dashboard, sandbox: Sandbox
) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/keys/new")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="portal").first.click()
    portal = opened.value
    portal.wait_for_load_state()
    expect(portal.get_by_role("heading", level=1)).to_be_visible()
    with portal.expect_request("**/portal**") as asked:
        portal.reload()
    cookies = asked.value.all_headers()["cookie"]
    assert "sandbox_portal=" in cookies
    assert SESSION_COOKIE not in cookies
    assert sandbox.info.portal_url.startswith(portal.url)


def test_the_dashboards_pages_have_one_name(page: Page, shown: Dashboard) -> None:
    page.goto(shown.url.replace("127.0.0.1", "localhost") + "/keys")
    assert page.url.startswith(f"{shown.url}/sign-in?next=/keys")
