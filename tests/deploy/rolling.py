"""Requests at a steady pace, from several clients, and what became of each."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from threading import Event

import httpx

from tests.deploy.site import Site

CLIENTS = 5
PER_S = 50


def asked(browser: httpx.Client, stop: Event) -> "Counter[str]":
    """By one of CLIENTS, each of which has its share of PER_S: what is read, and what is changed.

    A request that comes late, because the machine is busy, is not left out.
    """
    became: Counter[str] = Counter()
    due = time.monotonic()
    for number in count():
        if stop.is_set():
            return became
        try:
            became[_one(browser, number)] += 1
        except httpx.HTTPError as error:
            became[repr(error)] += 1
        due += CLIENTS / PER_S
        stop.wait(max(0.0, due - time.monotonic()))
    return became


def _one(browser: httpx.Client, number: int) -> str:
    if number % 20 == 0:  # it says how many times it was done
        answer = browser.post("/api/v1/tokens", json={"name": f"{id(browser)}-{number}"})
        return f"made {answer.status_code}"
    path = ("/healthz", "/networks", "/keys", "/api/v1/networks")[number % 4]
    return f"read {browser.get(path).status_code}"


@contextmanager
def load(site: Site, signed_in: httpx.Client) -> "Iterator[Counter[str]]":
    """Of all clients together, as long as the block lasts; they have the session of this one."""
    stop, became = Event(), Counter[str]()
    with ExitStack() as stack:
        browsers = [stack.enter_context(site.client()) for _ in range(CLIENTS)]
        for each in browsers:
            each.cookies.update(signed_in.cookies)
        pool = stack.enter_context(ThreadPoolExecutor(CLIENTS))
        asking = [pool.submit(asked, browser, stop) for browser in browsers]
        try:
            yield became
        finally:
            stop.set()
        for one in asking:
            became.update(one.result())
