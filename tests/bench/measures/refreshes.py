"""20 people refresh a function at once: how often it runs."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests import plain_http
from tests.bench.measures.building import NUMBERED, wait_until_quiet
from tests.bench.on_aws import OnAws
from tests.bench.world import World
from tests.portal import addresses_of, partner_key

AT_ONCE = 20
TIMEOUT_S = 60
FUNCTION = "refreshed"


def measure(world: World) -> dict[str, float | None]:
    site = world.on_aws
    make_function(site)
    wait_until_quiet(site)
    together, began = Barrier(AT_ONCE), time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as people:
        answers = [*people.map(lambda _: _refresh(site, together), range(AT_ONCE))]
    world.note(f"refreshes: answered with {sorted(set(answers))}")
    runs = site.calls.invocations_since(began)
    return {"refreshes.invocations": runs if set(answers) == {201} else None}


def make_function(site: OnAws) -> None:
    """With a key for the addresses of the first network, and a snapshot, unless it is there."""
    if FUNCTION in {each["name"] for each in site.get("/functions")["items"]}:
        return
    name = NUMBERED.format(0)
    network = site.have_network(name)
    secret = partner_key(site.sandbox, addresses_of(network))
    site.post("/keys", {"name": "clash", "secret": secret})
    new = {"name": FUNCTION, "template": "clash_rankings", "network": name, "key": "clash"}
    site.post("/functions", new)
    site.wait(f"/functions/{FUNCTION}", "ready")
    site.post(f"/functions/{FUNCTION}/snapshots")


def _refresh(site: OnAws, together: Barrier) -> int:
    """With a client that is ready: to make one takes as long as some answers do."""
    url = f"{site.dashboard.url}/api/v1/functions/{FUNCTION}/snapshots"
    with plain_http.Client(headers=site.dashboard.cookie, timeout=TIMEOUT_S) as client:
        together.wait()
        return client.post(url).status_code
