"""A passkey in a real browser: added with Chromium's own authenticator, and used to sign in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import PASSWORD, USER, Dashboard, free_port
from tests.e2e.axe import check_all
from webapp.sandbox.launcher import Sandbox

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def named(sandbox: Sandbox, tmp_path: Path) -> Iterator[Dashboard]:
    """A dashboard with a host name: browsers have no passkeys for an IP address."""
    port = free_port()
    own = {"EGRET_PUBLIC_URL": f"http://localhost:{port}", "EGRET_NAME_PREFIX": "passkeys"}
    with Dashboard(sandbox, tmp_path, environment=own, port=port) as running:
        yield running


def test_a_passkey_is_added_and_signs_in_alone_and_after_a_password(
    page: Page, named: Dashboard, screenshots: Path | None
) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto(named.setup_url)
    page.get_by_label("Name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create").click()
    page.goto(f"http://localhost:{named.port}/account/second-factor")
    page.get_by_label("Name of a new passkey").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    check_all(page, "second-factor", screenshots)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 of 10 are left")).to_be_visible()
    sign_out(page, named)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"http://localhost:{named.port}/")
    sign_out(page, named)
    page.get_by_label("Name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    check_all(page, "sign-in-code", screenshots)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"http://localhost:{named.port}/")
    page.goto(f"http://localhost:{named.port}/account/second-factor")
    page.get_by_role("button", name="Remove the passkey Laptop").click()
    expect(page.get_by_role("button", name="Remove the passkey Laptop")).to_have_count(0)


def sign_out(page: Page, named: Dashboard) -> None:
    page.context.clear_cookies()
    page.goto(f"http://localhost:{named.port}/sign-in")
