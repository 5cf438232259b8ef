"""Signing in by a provider in a real browser: our policy, and its cookies, let people through."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.dashboard import PASSWORD, USER, Dashboard, free_port
from tests.e2e.axe import check_all
from tests.oidc.server import LocalProvider
from webapp.sandbox.launcher import Sandbox

LABEL = "your account at Example Industries Group"
"""As long as it may be."""
BEGINNING = "**/sign-in/provider"
REFRESH = re.compile("<meta http-equiv[^>]*>")


@pytest.fixture
def single(sandbox: Sandbox, tmp_path: Path, provider: LocalProvider) -> Iterator[Dashboard]:
    """A dashboard at another site than its provider, which is at 127.0.0.1."""
    port = free_port()
    own = {"EGRET_PUBLIC_URL": f"http://localhost:{port}", "EGRET_NAME_PREFIX": "provider"}
    environment = provider.environment() | own | {"EGRET_OIDC_LABEL": LABEL}
    with Dashboard(sandbox, tmp_path, environment=environment, port=port) as running:
        yield running


def test_a_person_signs_in_confirms_and_signs_out_by_the_provider(
    page: Page, single: Dashboard, provider: LocalProvider, screenshots: Path | None
) -> None:
    provider.knows("grace", "egret-ops")
    page.goto(single.setup_url)
    page.get_by_label("Name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create").click()
    page.context.clear_cookies()
    account = f"http://localhost:{single.port}/account"
    page.goto(account)
    check_all(page, "sign-in", screenshots)
    page.route(BEGINNING, stay)
    page.get_by_role("button", name=f"Sign in with {LABEL}").click()
    expect(page.get_by_role("link", name="Continue")).to_be_visible()
    check_all(page, "to-provider", screenshots)
    page.unroute(BEGINNING)
    page.get_by_role("link", name="Continue").click()
    consent(page)
    expect(page).to_have_url(account)
    expect(page.get_by_text(f"You sign in with {LABEL}.")).to_be_visible()
    check_all(page, "account-of-provider", screenshots)
    page.goto(f"http://localhost:{single.port}/confirm-identity?next=/account")
    check_all(page, "confirm-by-provider", screenshots)
    page.get_by_role("button", name=f"Sign in with {LABEL}").click()
    consent(page)
    expect(page).to_have_url(account)
    page.get_by_role("button", name="Account of grace").click()
    page.get_by_role("button", name="Sign out").click()
    there = page.get_by_role("link", name="Sign out there, too")
    expect(there).to_be_visible()
    check_all(page, "signed-out", screenshots)
    there.click()
    expect(page.get_by_role("heading", name="End Session")).to_be_visible()


def stay(route: Route) -> None:
    """The page that leads on, but does not do so by itself."""
    answer = route.fetch()
    route.fulfill(response=answer, body=REFRESH.sub("", answer.text()))


def consent(page: Page) -> None:
    page.get_by_placeholder("sub").fill("grace")
    page.get_by_role("button", name="Authorize").click()
