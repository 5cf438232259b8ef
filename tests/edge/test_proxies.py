"""Whose address counts: only what a trusted proxy has written is believed."""

from typing import Any

import pytest
from fastapi import FastAPI, Request

from tests.inside import DirectClient
from webapp.edge.proxies import TrustedProxies
from webapp.settings import Settings

PROXY, OTHER = "10.0.0.1", "198.51.100.7"


def seen(peer: str, headers: list[tuple[str, str]], trusted: str = "10.0.0.0/8, ::1") -> Any:
    """The client and the scheme that a route sees."""
    app = FastAPI()
    networks = Settings(trusted_proxies=trusted).proxy_networks
    app.add_middleware(TrustedProxies, networks=networks)

    @app.get("/")
    def show(request: Request) -> list[str]:
        assert request.client
        return [request.client.host, request.url.scheme]

    return DirectClient(app, client=(peer, 5)).get("/", headers=headers).json()


def test_a_trusted_proxy_names_the_client_and_the_scheme() -> None:
    headers = [("x-forwarded-for", OTHER), ("x-forwarded-proto", "https")]
    assert seen(PROXY, headers) == [OTHER, "https"]
    assert seen("::1", headers) == [OTHER, "https"]
    assert seen("::ffff:10.0.0.1", headers) == [OTHER, "https"]


@pytest.mark.parametrize("peer", [OTHER, "testclient", "11.0.0.1"])
def test_nobody_else_can_say_who_they_are(peer: str) -> None:
    headers = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")]
    assert seen(peer, headers) == [peer, "http"]


def test_by_default_no_proxy_is_trusted() -> None:
    assert seen("127.0.0.1", [("x-forwarded-for", OTHER)], Settings().trusted_proxies) == [
        "127.0.0.1",
        "http",
    ]


@pytest.mark.parametrize(
    ("listed", "client"),
    [
        (f"203.0.113.9, {OTHER}", OTHER),  # the first one is what the client sent
        (f"203.0.113.9, {OTHER}, 10.9.9.9", OTHER),
        (f"{OTHER}:4711", OTHER),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("10.1.1.1, 10.9.9.9", "10.1.1.1"),
        ('unknown"\nx', PROXY),
        ("", PROXY),
        ("unknown, 10.9.9.9", "10.9.9.9"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxys(listed: str, client: str) -> None:
    encoded: Any = [("x-forwarded-for", listed.replace("\n", " "))]
    assert seen(PROXY, encoded) == [client, "http"]


def test_several_headers_are_one_list_and_a_strange_scheme_is_ignored() -> None:
    headers = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-for", OTHER),
        ("x-forwarded-proto", "javascript"),
    ]
    assert seen(PROXY, headers) == [OTHER, "http"]
