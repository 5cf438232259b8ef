"""People, tokens and second factors on a running dashboard, from an invitation to the removal."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pyotp
import pytest

from tests import plain_http
from tests.dashboard import PASSWORD, Dashboard

NAME = "grace"
FACTOR = "/account/second-factor"
LINK = re.compile(r"(/choose-password\?token=[\w-]+)")
SECRET = re.compile(r'data-copy="([A-Z2-7]{32})"')
CODES = re.compile(r'data-copy="((?:[a-z2-7]{6}-){3}[^"]*)"')
END_OF_SESSION = re.compile(r'action="(/[^"]+/sessions/[^"]+/end)"')


class Person:
    """A browser; each request is one that succeeds."""

    def __init__(self, url: str, cookies: dict[str, str]) -> None:
        self._client = plain_http.Client(base_url=url, cookies=cookies, timeout=30)

    def get(self, path: str) -> str:
        return self._text(self._client.get(path))

    def post(self, path: str, **form: str) -> str:
        return self._text(self._client.post(path, data=form))

    def close(self) -> None:
        self._client.close()

    def _text(self, answer: httpx.Response) -> str:
        assert answer.status_code in (200, 201, 303), (answer.url, answer.status_code)
        assert not answer.headers.get("location", "").startswith("/sign-in?"), answer.url
        return answer.text


@pytest.fixture(scope="module")
def admin(dashboard: Dashboard) -> Iterator[Person]:
    made = Person(dashboard.url, dashboard.signed_in())
    yield made
    made.close()


@pytest.fixture
def invited(dashboard: Dashboard, admin: Person) -> Iterator[Person]:
    """Somebody new, who has chosen a password."""
    (link,) = set(LINK.findall(unescape(admin.post("/people", name=NAME, role="viewer"))))
    made = Person(dashboard.url, {})
    assert NAME in made.get(link)
    made.post("/choose-password", token=link.partition("token=")[2], password=PASSWORD)
    yield made
    made.close()


def found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match
    return unescape(match[1])


def test_somebody_is_invited_signs_in_with_a_second_factor_and_is_removed(
    dashboard: Dashboard, admin: Person, invited: Person
) -> None:
    invited.post("/confirm-identity", password=PASSWORD)
    secret = found(SECRET, invited.post(f"{FACTOR}/app"))
    assert CODES.search(invited.post(f"{FACTOR}/app/confirmation", code=pyotp.TOTP(secret).now()))
    codes = found(CODES, invited.post(f"{FACTOR}/recovery-codes")).split()
    phone = Person(dashboard.url, {})
    phone.post("/sign-in", name=NAME, password=PASSWORD)
    phone.post("/sign-in/code", code=codes[0])
    assert "9 recovery codes are left" in phone.get("/account")
    invited.post(found(END_OF_SESSION, invited.get("/account")))
    phone.close()
    invited.post("/account/sessions/end")
    invited.post("/account/password", old_password=PASSWORD, password=f"{PASSWORD} of {NAME}")
    invited.post(f"{FACTOR}/app/removal")
    page = f"/people/{NAME}"
    admin.post(f"{page}/role", role="operator")
    admin.post(found(END_OF_SESSION, admin.get(page)))
    for what in ("second-factor/reset", "reset"):
        admin.post(f"{page}/{what}")
    admin.post(f"{page}/removal", confirm=NAME)
    assert NAME not in admin.get("/people").partition("<table")[2]


def test_a_program_manages_people_and_tokens(dashboard: Dashboard, admin: Person) -> None:
    api = dashboard.api()
    invited: dict[str, Any] = api.post("/users", {"name": "alan", "role": "viewer"}).json()
    person = f"/users/{invited['name']}"
    assert api.patch(person, {"role": "operator"}).json()["role"] == "operator"
    assert api.post(f"{person}/reset").json()["link"] != invited["link"]
    assert api.get(person).json()["name"] in {
        row["name"] for row in api.get("/users").json()["items"]
    }
    assert api.delete(person).status_code == 204
    token = api.post("/tokens", {"name": "nightly", "role": "viewer"}).json()
    assert token["id"] in {row["id"] for row in api.get("/tokens").json()["items"]}
    assert api.delete(f"/tokens/{token['id']}").status_code == 204
    admin.post("/tokens", name="weekly", role="viewer")
    (weekly,) = [row for row in api.get("/tokens").json()["items"] if row["name"] == "weekly"]
    admin.post(f"/tokens/{weekly['id']}/revocation")
    assert '"nightly"' in api.get("/audit-events/export").text
