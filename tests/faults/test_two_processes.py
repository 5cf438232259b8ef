"""Two dashboards on one database: clicks that race, and one that is frozen past its lease."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.dashboard import Api, Dashboard, wait_for
from tests.faults.proxy import Rule, proxied
from tests.faults.world import allocations
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import REGION, Sandbox

CLICKS = 50
LEASE_S = 2.0
ADDRESS_QUOTA = 40


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("two-processes")
    with Sandbox.start(folder, pace_s=0.02, address_quota=ADDRESS_QUOTA) as running:
        yield running


def dashboard(sandbox: Sandbox, folder: Path, **environment: str) -> Dashboard:
    own = {"EGRET_REGIONS": REGION, "EGRET_LEASE_S": str(LEASE_S), "EGRET_POLL_S": "0.1"}
    return Dashboard(sandbox, folder, environment=own | environment).start()


def stacks(clients: Clients) -> Counter[str]:
    pages = clients.cloudformation(REGION).get_paginator("describe_stacks").paginate()
    return Counter(stack["StackName"] for page in pages for stack in page["Stacks"])


def clean_up(api: Api) -> None:
    api.delete("/networks/raced").raise_for_status()
    api.gone("/networks/raced")
    for address in api.get("/addresses").json()["items"]:
        path = f"/addresses/{address['id']}"
        api.delete(path, {"confirm": address["public_ip"]}).raise_for_status()


def test_fifty_clicks_at_once_are_one_operation(own: Sandbox, tmp_path: Path) -> None:
    """49 answers name what is there already; then 50 parkings are one, each answered with it."""
    first, second = (dashboard(own, tmp_path) for _ in range(2))
    api = first.api()
    apis = [api, Api(f"{second.url}/api/v1", api.headers)]
    wish = {"name": "raced", "region": REGION, "availability_zones": 1}
    with ThreadPoolExecutor(CLICKS) as pool:
        clicks = [pool.submit(apis[n % 2].post, "/networks", wish) for n in range(CLICKS)]
        created = Counter(click.result().status_code for click in clicks)
    assert created == {202: 1, 409: CLICKS - 1}
    assert api.settled("/networks/raced")["status"] == "ready"
    clients = Clients(own.info.aws_endpoint)
    assert stacks(clients)["egret-network-raced"] == 1
    assert len(allocations(clients, REGION)) == 1
    with ThreadPoolExecutor(CLICKS) as pool:
        clicks = [pool.submit(apis[n % 2].post, "/networks/raced/parking") for n in range(CLICKS)]
        answers = [click.result() for click in clicks]
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json()["status"] for answer in answers} <= {"parking", "parked"}
    wait_for(lambda: api.get("/networks/raced").json()["status"] == "parked", 60)
    audit = api.get("/audit-events").json()["items"]
    assert [event["action"] for event in audit].count("parking") == 1
    clean_up(api)
    for process in (first, second):
        process.stop()


def test_who_is_frozen_past_its_lease_writes_nothing_any_more(own: Sandbox, tmp_path: Path) -> None:
    """It is stopped in the middle of CreateStack, and goes on when another one has finished."""
    with proxied(own.info.aws_endpoint) as proxy:
        frozen = dashboard(own, tmp_path, AWS_ENDPOINT_URL=proxy.url)
        other = dashboard(own, tmp_path)
        api = frozen.api()
        through_other = Api(f"{other.url}/api/v1", api.headers)
        rule = proxy.add(Rule("CreateStack", "delay", times=2))
        wish = {"name": "raced", "region": REGION, "availability_zones": 1}
        assert frozen.process
        with ThreadPoolExecutor(1) as pool:
            click = pool.submit(api.post, "/networks", wish)
            assert rule.seen.wait(30)
            frozen.process.send_signal(signal.SIGSTOP)
            time.sleep(LEASE_S)
            before = through_other.settled("/networks/raced")
            frozen.process.send_signal(signal.SIGCONT)
            answer = click.result()
        assert before["status"] == "ready", before["reason"]
        assert answer.status_code in (202, 409), answer.text
        time.sleep(LEASE_S)
        assert through_other.get("/networks/raced").json()["status"] == "ready"
        clients = Clients(own.info.aws_endpoint)
        assert stacks(clients)["egret-network-raced"] == 1
        assert len(allocations(clients, REGION)) == 1
        clean_up(through_other)
        for process in (frozen, other):
            process.stop()
