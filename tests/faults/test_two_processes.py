"""Two dashboards on one database: they race, one is frozen past its lease, AWS throttles both."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pytest
from httpx import Response

from tests.dashboard import Api, Dashboard, wait_for
from tests.faults.proxy import Proxy, Rule, proxied
from tests.faults.world import allocations
from tests.sandbox.credentials import credentials_of
from webapp.aws.clients import Clients
from webapp.aws.pace import SLOW_CALL_EVERY_S
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.settings import Settings

CLICKS = 50
NETWORK = "/networks/raced"
LEASE_S = 2.0
NETWORKS, NETWORK_QUOTA = 20, 5
ADDRESS_QUOTA = 40
THROTTLED_S = 6.0
JITTER_CALLS = 2
"""Each replica's last turn may be late, close to the next one."""


on_either_database = pytest.mark.parametrize(
    "running_pair", ["sqlite", "postgresql"], indirect=True
)
on_the_runs_own = pytest.mark.parametrize("running_pair", [None], indirect=True)
"""As `--database` says."""


@dataclass
class Pair:
    """Two dashboards on one database, each with a proxy between it and AWS."""

    clients: Clients
    proxies: list[Proxy]
    dashboards: list[Dashboard]
    apis: list[Api]

    def clear(self) -> None:
        """Nothing of a test is left for the next one."""
        api = self.apis[1]
        names = [network["name"] for network in api.get("/networks").json()["items"]]
        for name in names:
            api.delete(f"/networks/{name}", params={"confirm": name}).raise_for_status()
        for name in names:
            api.gone(f"/networks/{name}")
        for address in api.get("/addresses").json()["items"]:
            typed = {"confirm": address["public_ip"]}
            api.delete(f"/addresses/{address['id']}", params=typed).raise_for_status()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("two-processes")
    with (
        Sandbox.start(
            folder, pace_s=0.02, address_quota=ADDRESS_QUOTA, network_quota=NETWORK_QUOTA
        ) as running,
        credentials_of(running),
    ):
        yield running


@pytest.fixture(scope="module")
def running_pair(
    own: Sandbox, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    database = Settings(data_dir=folder).database
    if (request.param or request.config.getoption("database")) == "postgresql":
        database = request.getfixturevalue("postgresql").new_database()
    endpoint = own.info.aws_endpoint
    with ExitStack() as stack:
        proxies = [stack.enter_context(proxied(endpoint)) for _ in range(2)]
        dashboards = [
            stack.enter_context(
                Dashboard(
                    own,
                    folder / str(number),
                    environment={
                        "AWS_ENDPOINT_URL": proxy.url,
                        "EGRET_DATABASE_URL": database,
                        "EGRET_LEASE_S": str(LEASE_S),
                        "EGRET_POLL_S": "0.1",
                        "EGRET_REGIONS": REGION,
                    },
                )
            )
            for number, proxy in enumerate(proxies)
        ]
        first = dashboards[0].api()
        apis = [Api(f"{each.url}/api/v1", first.headers) for each in dashboards]
        yield Pair(Clients(endpoint), proxies, dashboards, apis)


@pytest.fixture
def pair(running_pair: Pair) -> Iterator[Pair]:
    yield running_pair
    running_pair.clear()


def stacks(clients: Clients) -> Counter[str]:
    pages = clients.cloudformation(REGION).get_paginator("describe_stacks").paginate()
    return Counter(stack["StackName"] for page in pages for stack in page["Stacks"])


def click(pool: ThreadPoolExecutor, calls: list[Callable[[], Response]]) -> list[Response]:
    """As many clicks as there may be at once, in turn on each process."""
    clicks = [pool.submit(calls[number % len(calls)]) for number in range(CLICKS)]
    return [one.result() for one in clicks]


@on_either_database
def test_fifty_clicks_at_once_are_one_operation(pair: Pair) -> None:
    """49 answers name what is there already; then 50 parkings are one, each answered with it."""
    api, apis, clients = pair.apis[0], pair.apis, pair.clients
    wish = {"name": "raced", "region": REGION, "availability_zones": 1}
    with ThreadPoolExecutor(CLICKS) as pool:
        created = click(pool, [partial(each.post, "/networks", wish) for each in apis])
        assert Counter(answer.status_code for answer in created) == {202: 1, 409: CLICKS - 1}
        assert api.settled(NETWORK)["status"] == "ready"
        assert stacks(clients)["egret-network-raced"] == 1
        assert len(allocations(clients, REGION)) == 1

        parked = click(pool, [partial(each.post, f"{NETWORK}/parking") for each in apis])
        assert {answer.status_code for answer in parked} == {202}
        assert {answer.json()["status"] for answer in parked} <= {"parking", "parked"}
        wait_for(lambda: api.get(NETWORK).json()["status"] == "parked", 60)

        deleted = click(pool, [partial(each.delete, NETWORK) for each in apis])
        assert {answer.status_code for answer in deleted} <= {202, 404}, "404: it is gone already"
        api.gone(NETWORK)
    audit = api.get("/audit-events", {"result": "done"}).json()["items"]
    done = Counter(event["action"] for event in audit if event["noun"] == "network")
    assert (done["create"], done["parking"], done["delete"]) == (1, 1, 1)
    assert len(allocations(clients, REGION)) == 1


@on_either_database
def test_of_twenty_networks_at_once_those_are_made_that_fit(pair: Pair) -> None:
    """The default VPC has one of the five places. Nobody fails half way, nothing is left over."""
    api, apis = pair.apis[0], pair.apis
    wishes = [
        {"name": f"many-{number}", "region": REGION, "availability_zones": 1}
        for number in range(NETWORKS)
    ]
    with ThreadPoolExecutor(NETWORKS) as pool:
        asked = [
            pool.submit(apis[number % 2].post, "/networks", wish)
            for number, wish in enumerate(wishes)
        ]
        answers = [one.result() for one in asked]
    counted = Counter(answer.status_code for answer in answers)
    assert counted == {202: NETWORK_QUOTA - 1, 409: NETWORKS - NETWORK_QUOTA + 1}
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["code"] for problem in refused} == {"quota_exceeded"}
    made = [answer.json()["name"] for answer in answers if answer.status_code == 202]
    found = [api.settled(f"/networks/{name}") for name in made]
    assert {network["status"] for network in found} == {"ready"}
    assert len({network["cidr"] for network in found}) == len(made)
    assert len(allocations(pair.clients, REGION)) == len(made)


@on_either_database
def test_who_is_frozen_past_its_lease_writes_nothing_any_more(pair: Pair) -> None:
    """It is stopped in the middle of CreateStack, and goes on when another one has finished."""
    (api, through_other), frozen = pair.apis, pair.dashboards[0].process
    rule = pair.proxies[0].add(Rule("CreateStack", "delay", times=1))
    wish = {"name": "raced", "region": REGION, "availability_zones": 1}
    assert frozen
    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(api.post, "/networks", wish)
        assert rule.seen.wait(30)
        frozen.send_signal(signal.SIGSTOP)
        time.sleep(LEASE_S)
        before = through_other.settled(NETWORK)
        frozen.send_signal(signal.SIGCONT)
        answer = pressed.result()
    assert before["status"] == "ready", before["reason"]
    assert answer.status_code in (202, 409), answer.text
    time.sleep(LEASE_S)
    assert through_other.get(NETWORK).json()["status"] == "ready"
    assert stacks(pair.clients)["egret-network-raced"] == 1
    assert len(allocations(pair.clients, REGION)) == 1


@on_the_runs_own
def test_where_aws_throttles_all_replicas_together_make_a_call_a_second(pair: Pair) -> None:
    """Both ask as fast as answers come; what was begun meanwhile ends well."""
    code, message = "RequestLimitExceeded", "Request limit exceeded."
    api = pair.apis[0]
    wish = {"name": "raced", "region": REGION, "availability_zones": 1}
    api.post("/networks", wish).raise_for_status()
    assert api.settled(NETWORK)["status"] == "ready"
    rules = [
        one.add(Rule("*", "refuse", times=999, code=code, message=message)) for one in pair.proxies
    ]
    until = time.monotonic() + THROTTLED_S

    def check(each: Api) -> None:
        another = wish | {"name": "another"}
        while time.monotonic() < until:
            assert each.post("/networks?dry_run=true", another).status_code == 503

    with ThreadPoolExecutor(len(pair.apis) + 1) as pool:
        parking = pool.submit(api.post, f"{NETWORK}/parking")
        for asked in [pool.submit(check, each) for each in pair.apis]:
            asked.result()
        assert parking.result().status_code == 202
    for rule in rules:
        rule.times = 0
    wait_for(lambda: pair.apis[1].get(NETWORK).json()["status"] == "parked", 60)
    at = sorted(at for rule in rules for at in rule.at)
    paced = [one for one in at if one >= at[0] + SLOW_CALL_EVERY_S]
    assert all(set(rule.at) & set(paced) for rule in rules), "both had their turns"
    assert len(paced) <= paced[-1] - paced[0] + 1 + JITTER_CALLS
