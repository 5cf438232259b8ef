"""20 calls a second through the endpoint, while all that can be changed about a function is."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import plain_http
from tests.dashboard import TIMEOUT_S, Api, Dashboard
from tests.portal import addresses_of, partner_key
from webapp.sandbox.launcher import Sandbox

REGION = "eu-central-1"
CALLS_PER_SECOND = 20
PEOPLE = 10
CALLS_MAX = 120
"""Of each, so that the load ends by itself."""
OLD, NEW = "before", "after"
"""The networks."""


class Load:
    """People who call the endpoint, two times a second each, and what they were answered.

    None of them makes up for a call that took long: the partner takes 40 a second and no more.
    """

    def __init__(self, url: str, key: str) -> None:
        self._client = plain_http.Client(headers={"x-api-key": key}, timeout=TIMEOUT_S)
        self._url, self._stopped = url, threading.Event()
        self._people = [threading.Thread(target=self._call_again) for _ in range(PEOPLE)]
        self.answers: list[tuple[int, str, int]] = []

    def __enter__(self) -> "Load":
        for person in self._people:
            person.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for person in self._people:
            person.join()
        self._client.close()

    def _call_again(self) -> None:
        for _ in range(CALLS_MAX):
            begun = time.monotonic()
            self._call()
            if self._stopped.wait(max(0, begun + PEOPLE / CALLS_PER_SECOND - time.monotonic())):
                return

    def _call(self) -> None:
        try:
            answer = self._client.get(self._url)
        except httpx.HTTPError as error:
            self.answers.append((0, repr(error), 0))
            return
        rows = len(answer.json().get("items", ())) if answer.status_code == 200 else 0
        seen = answer.headers.get("x-egress-ip", answer.text[:200])
        self.answers.append((answer.status_code, seen, rows))


@pytest.fixture(scope="module")
def api(dashboard: Dashboard, sandbox: Sandbox) -> Iterator[Api]:
    """With two networks, a key for the addresses of both, and a function in the first of them."""
    api = dashboard.api()
    for name in (OLD, NEW):
        api.post("/networks", {"name": name, "region": REGION}).raise_for_status()
    networks = [api.settled(f"/networks/{name}") for name in (OLD, NEW)]
    every = [ip for network in networks for ip in addresses_of(network)]
    secret = partner_key(sandbox, every)
    api.post("/keys", {"name": "both", "secret": secret}).raise_for_status()
    body = {"name": "busy", "template": "clash_rankings", "network": OLD, "key": "both"}
    api.post("/functions", body).raise_for_status()
    yield api
    api.delete("/functions/busy")
    api.gone("/functions/busy")
    for name in (OLD, NEW):
        api.delete(f"/networks/{name}")
    for name in (OLD, NEW):
        api.gone(f"/networks/{name}")


def changed(api: Api, **body: Any) -> dict[str, Any]:
    api.patch("/functions/busy", body).raise_for_status()
    return ready(api)


def ready(api: Api) -> dict[str, Any]:
    function = api.settled("/functions/busy")
    assert (function["status"], function["reason"]) == ("ready", "")
    return function


def test_no_call_fails_while_a_function_is_changed_rolled_back_and_moved(api: Api) -> None:
    before = api.settled("/functions/busy")
    limits = {"name": "load", "rate": 100, "quota": 10_000}
    key = api.post("/functions/busy/callers", limits).raise_for_status().json()["key"]
    with Load(before["endpoint_url"], key) as load:
        changed(api, settings={"location": "32000006", "limit": 3}, memory_mb=512)
        api.post("/functions/busy/revisions/1/deployment").raise_for_status()
        ready(api)
        after = changed(api, network=NEW)
    assert (after["revision"], after["network"]) == (4, NEW)
    assert after["endpoint_url"] == before["endpoint_url"]
    assert {status for status, _, _ in load.answers} == {200}, Counter(load.answers)
    assert {rows for _, _, rows in load.answers} == {10, 3}
    ips = {ip for name in (OLD, NEW) for ip in addresses_of(api.get(f"/networks/{name}").json())}
    assert {seen for _, seen, _ in load.answers} == ips
    assert len(load.answers) > 2 * CALLS_PER_SECOND
