"""The sandbox partner's portal, as a program uses it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from tests import plain_http
from tests.tokens import noted
from webapp.sandbox.launcher import Sandbox

_made: list[tuple[Sandbox, str]] = []


def partner_key(
    sandbox: Sandbox,
    cidrs: list[str],
    scopes: tuple[str, ...] = ("clash",),
    *,
    is_shared: bool = False,
) -> str:
    """A key from the portal, as its form makes one. It stays if the whole session shares it."""
    form = {"name": "tests", "description": "", "cidrRanges": cidrs, "scopes": list(scopes)}
    answer = plain_http.post(f"{sandbox.info.partner_url}/api/apikey/create", json=form)
    key = noted(answer.raise_for_status().json()["key"]["key"])
    if not is_shared:
        _made.append((sandbox, key))
    return key


def revoke(sandbox: Sandbox, token: str) -> None:
    """No harm if it was revoked already."""
    portal = f"{sandbox.info.partner_url}/api/apikey"
    for key in plain_http.post(f"{portal}/list").json()["keys"]:
        if key["key"] == token:
            plain_http.post(f"{portal}/revoke", json={"id": key["id"]}).raise_for_status()


@contextmanager
def revoked_afterwards() -> Iterator[None]:
    """The keys that are made inside: an account has ten at most, and tests share one."""
    before = len(_made)
    yield
    while len(_made) > before:
        with suppress(httpx.TransportError):  # the test's own sandbox has ended
            revoke(*_made.pop())


def addresses_of(network: dict[str, Any]) -> list[str]:
    """The public addresses in an answer of the API."""
    return [address["public_ip"] for address in network["addresses"]]
