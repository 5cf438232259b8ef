"""The sandbox partner's portal, as a program uses it."""

from typing import Any

import httpx

from webapp.sandbox.launcher import Sandbox


def partner_key(sandbox: Sandbox, cidrs: list[str], scopes: tuple[str, ...] = ("clash",)) -> str:
    """A key from the portal, as its form makes one."""
    form = {"name": "tests", "description": "", "cidrRanges": cidrs, "scopes": list(scopes)}
    answer = httpx.post(f"{sandbox.info.partner_url}/api/apikey/create", json=form)
    key: str = answer.raise_for_status().json()["key"]["key"]
    return key


def revoke(sandbox: Sandbox, token: str) -> None:
    portal = f"{sandbox.info.partner_url}/api/apikey"
    keys = httpx.post(f"{portal}/list").json()["keys"]
    key_id = next(key["id"] for key in keys if key["key"] == token)
    httpx.post(f"{portal}/revoke", json={"id": key_id}).raise_for_status()


def addresses_of(network: dict[str, Any]) -> list[str]:
    """The public addresses in an answer of the API."""
    return [address["public_ip"] for address in network["addresses"]]
