"""What tells a request of another site, and what is the secret."""

import base64

import pytest

from webapp.sandbox.doors import basic, is_foreign, is_secret, portal_pass

HOST = "127.0.0.1:4566"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:4566"},
        {"host": "[::1"},
        {"host": HOST, "origin": "https://evil.example"},
        {"host": HOST, "origin": "http://127.0.0.1:8000"},
        {"host": HOST, "origin": "null"},
        {"host": HOST, "sec-fetch-site": "cross-site"},
        {"host": HOST, "sec-fetch-site": "same-site"},
    ],
)
def test_what_comes_from_elsewhere_is_foreign(headers: dict[str, str]) -> None:
    assert is_foreign(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HOST},
        {"host": "localhost"},
        {"host": "[::1]:4566"},
        {"host": HOST, "origin": f"http://{HOST}", "sec-fetch-site": "same-origin"},
        {"host": HOST, "sec-fetch-site": "none"},
    ],
)
def test_a_program_and_the_ports_own_pages_are_not(headers: dict[str, str]) -> None:
    assert not is_foreign(headers)


def test_nothing_is_no_secret() -> None:
    assert not is_secret("", "")
    assert not is_secret("é", "secret")
    assert is_secret("secret", "secret")


def test_user_and_password_are_read_from_the_header() -> None:
    encoded = base64.b64encode(b"user:pass:word").decode()
    assert basic(f"Basic {encoded}") == ("user", "pass:word")
    for wrong in ("", "Basic", "Basic é", "Basic /w==", f"Bearer {encoded}"):
        assert basic(wrong) == ("", "")


def test_the_portals_pass_does_not_tell_the_secret() -> None:
    assert "secret" not in portal_pass("secret")
    assert portal_pass("secret") != portal_pass("another")
