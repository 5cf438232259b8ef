"""A database that is locked, gone, or on a full disk: it serves what it can, and loses nothing."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import plain_http
from tests.dashboard import Api, Dashboard, wait_for
from tests.databases import gone, locked_by_another, read_only
from tests.faults import replicas
from tests.portal import addresses_of, partner_key, revoke
from webapp.sandbox.launcher import Sandbox

REGION = "us-east-1"
NETWORK = "/networks/steady"
FUNCTION = "/functions/steady"


@pytest.fixture(scope="module")
def dashboards(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Dashboard]]:
    """One, or two on the same database, with a function that has fetched its answer."""
    environment = {"EGRET_NAME_PREFIX": "steady", "EGRET_LEASE_S": "2"}
    folder = tmp_path_factory.mktemp("steady")
    running = Dashboard(sandbox, folder, environment=environment).start()
    all_of_them = [running]
    if replicas.count() > 1:
        all_of_them.append(running.replica(folder / "other").start())
    api = running.api()
    api.post("/networks", {"name": "steady", "region": REGION}).raise_for_status()
    secret = partner_key(sandbox, addresses_of(api.settled(NETWORK)))
    api.post("/keys", {"name": "steady", "secret": secret}).raise_for_status()
    body = {"name": "steady", "template": "clash_rankings", "key": "steady", "network": "steady"}
    api.post("/functions", body).raise_for_status()
    api.settled(FUNCTION)
    api.post(f"{FUNCTION}/snapshots").raise_for_status()
    yield all_of_them
    for each in all_of_them:
        each.stop()
    revoke(sandbox, secret)


@pytest.fixture(scope="module")
def apis(dashboards: list[Dashboard]) -> list[Api]:
    """With the same token."""
    first = dashboards[0].api()
    return [Api(f"{each.url}/api/v1", first.headers) for each in dashboards]


@contextmanager
def locked(own: Dashboard) -> Iterator[None]:
    """Somebody else writes, and does not end."""
    with locked_by_another(own.settings.database):
        yield


@contextmanager
def on_a_full_disk(own: Dashboard) -> Iterator[None]:
    """Nothing can be written: by the kernel, or by the server."""
    if own.settings.database_url:
        with read_only(own.settings.database):
            yield
        return
    assert own.process
    soft, hard = resource.prlimit(own.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(own.process.pid, resource.RLIMIT_FSIZE, (1, hard))
    yield
    resource.prlimit(own.process.pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def away(own: Dashboard) -> Iterator[None]:
    with gone(own.settings):
        yield


def status(own: Dashboard, path: str) -> int:
    return plain_http.get(f"{own.url}{path}", timeout=30).status_code


@pytest.mark.parametrize("fault", [locked, on_a_full_disk, away])
def test_it_is_alive_but_not_ready_and_an_operation_goes_on_afterwards(
    dashboards: list[Dashboard], apis: list[Api], fault: object
) -> None:
    """A file can be read that is open, wherever it is; a server that refuses cannot."""
    assert callable(fault)
    own, api = dashboards[0], apis[0]
    preview = api.get(f"{FUNCTION}/preview").raise_for_status().content
    parked = api.get(NETWORK).json()["status"] == "parked"
    switch = api.delete if parked else api.post
    switch(f"{NETWORK}/parking").raise_for_status()
    with fault(own):
        for each in dashboards:
            assert status(each, "/readyz") == 503
            assert status(each, "/healthz") == 200
        for each_api in apis:
            answer = each_api.get(f"{FUNCTION}/preview")
            if fault is away and own.settings.database_url:
                assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            else:
                assert answer.content == preview
    for each in dashboards:
        wait_for(lambda each=each: status(each, "/readyz") == 200, 30)
    wanted = "ready" if parked else "parked"
    wait_for(lambda: apis[-1].get(NETWORK).json()["status"] == wanted, 60)


def test_a_click_that_cannot_be_kept_is_refused_with_what_to_do(
    dashboards: list[Dashboard], apis: list[Api]
) -> None:
    before = apis[0].get("/networks").json()
    with on_a_full_disk(dashboards[0]):
        for api in apis:
            refused = api.post("/networks", {"name": "unkept", "region": REGION})
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert os.fspath(dashboards[0].data_dir) not in refused.text
    for api in apis:
        assert api.get("/networks").json() == before
