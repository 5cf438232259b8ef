"""A database that is locked, gone, or on a full disk: it serves what it can, and loses nothing."""

import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.dashboard import Api, Dashboard, wait_for
from tests.portal import addresses_of, partner_key, revoke
from tests.postgresql import sqlite_alone
from webapp.sandbox.launcher import Sandbox

REGION = "us-east-1"
NETWORK = "/networks/steady"
FUNCTION = "/functions/steady"
MOVED = ".gone"


pytestmark = sqlite_alone("they are about its file; test_starting has PostgreSQL that refuses")


@pytest.fixture(scope="module")
def own(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard with a function that has fetched its answer."""
    environment = {"EGRET_NAME_PREFIX": "steady", "EGRET_LEASE_S": "2"}
    folder = tmp_path_factory.mktemp("steady")
    running = Dashboard(sandbox, folder, environment=environment).start()
    api = running.api()
    api.post("/networks", {"name": "steady", "region": REGION}).raise_for_status()
    secret = partner_key(sandbox, addresses_of(api.settled(NETWORK)))
    api.post("/keys", {"name": "steady", "secret": secret}).raise_for_status()
    body = {"name": "steady", "template": "clash_rankings", "key": "steady", "network": "steady"}
    api.post("/functions", body).raise_for_status()
    api.settled(FUNCTION)
    api.post(f"{FUNCTION}/snapshots").raise_for_status()
    yield running
    running.stop()
    revoke(sandbox, secret)


@pytest.fixture(scope="module")
def api(own: Dashboard) -> Api:
    return own.api()


@contextmanager
def locked(own: Dashboard) -> Iterator[None]:
    """Somebody else writes, and does not end."""
    other = sqlite3.connect(own.data_dir / "egret.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield
    other.execute("ROLLBACK")
    other.close()


@contextmanager
def on_a_full_disk(own: Dashboard) -> Iterator[None]:
    """The kernel lets the process write to no file."""
    assert own.process
    soft, hard = resource.prlimit(own.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(own.process.pid, resource.RLIMIT_FSIZE, (1, hard))
    yield
    resource.prlimit(own.process.pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def gone(own: Dashboard) -> Iterator[None]:
    files = [own.data_dir / f"egret.db{part}" for part in ("", "-wal", "-shm")]
    there = [file for file in files if file.exists()]
    for file in there:
        file.rename(f"{file}{MOVED}")
    yield
    assert not (own.data_dir / "egret.db").exists(), "an empty one was made in its place"
    for file in there:
        Path(f"{file}{MOVED}").rename(file)


def status(own: Dashboard, path: str) -> int:
    return httpx.get(f"{own.url}{path}", timeout=30).status_code


@pytest.mark.parametrize("fault", [locked, on_a_full_disk, gone])
def test_it_is_alive_but_not_ready_and_an_operation_goes_on_afterwards(
    own: Dashboard, api: Api, fault: object
) -> None:
    assert callable(fault)
    preview = api.get(f"{FUNCTION}/preview").raise_for_status().content
    parked = api.get(NETWORK).json()["status"] == "parked"
    switch = api.delete if parked else api.post
    switch(f"{NETWORK}/parking").raise_for_status()
    with fault(own):
        assert status(own, "/readyz") == 503
        assert status(own, "/healthz") == 200
        assert api.get(f"{FUNCTION}/preview").content == preview
    wait_for(lambda: status(own, "/readyz") == 200, 30)
    wanted = "ready" if parked else "parked"
    wait_for(lambda: api.get(NETWORK).json()["status"] == wanted, 60)


def test_a_click_that_cannot_be_kept_is_refused_with_what_to_do(own: Dashboard, api: Api) -> None:
    before = api.get("/networks").json()
    with on_a_full_disk(own):
        refused = api.post("/networks", {"name": "unkept", "region": REGION})
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert api.get("/networks").json() == before
    assert os.fspath(own.data_dir) not in refused.text
