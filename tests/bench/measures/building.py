"""Networks on the embedded AWS, at the sandbox's usual pace and with the product's own poll.

First one after the other, as one person makes them and looks at their page; then 20 at once.
"""

import re
import time
from datetime import datetime
from statistics import median

from tests import plain_http
from tests.bench.calls import peak_in_a_second
from tests.bench.on_aws import OnAws
from tests.bench.rows import REGION
from tests.bench.world import World
from tests.dashboard import wait_for

NETWORKS = 5
AT_ONCE = 20
LIMIT_S = 240
QUIET_S = 3
"""Without a call of AWS: nothing else is going on."""
QUIET_LIMIT_S = 30
ADDRESS = re.compile(r">\s*\d+\.\d+\.\d+\.\d+\s*<")
NUMBERED = "built-{}"


def provisioning(world: World) -> dict[str, float | None]:
    """As the page shows it."""
    site = world.on_aws
    built = [_built(site, NUMBERED.format(number)) for number in range(NETWORKS)]
    shown_s, ready_s, rates = ([each[part] for each in built] for part in range(3))
    for what, each in (("address", shown_s), ("ready", ready_s), ("calls of AWS a second", rates)):
        world.note(f"provisioning: {what}: {', '.join(f'{value:.2f}' for value in each)}")
    return {
        "provisioning.address": median(shown_s),
        "provisioning.ready": median(ready_s),
        "provisioning.calls": median(rates),
    }


def twenty(world: World) -> dict[str, float | None]:
    site = world.on_aws
    wait_until_quiet(site)
    names = [f"many-{number}" for number in range(AT_ONCE)]
    began = time.monotonic()
    for name in names:
        _create(site, name)
    wait_for(lambda: _all_ready(site, set(names)), LIMIT_S)
    took_s = time.monotonic() - began
    times = [at for at, _ in site.calls.since(began)]
    world.note(f"twenty: {len(times)} calls of AWS in {took_s:.0f} s")
    return {"twenty.calls": len(times) / took_s, "twenty.peak": peak_in_a_second(times)}


def _built(site: OnAws, name: str) -> tuple[float, float, float]:
    """Seconds until the address is shown, from the last event until *ready* is, and calls a second
    in between."""
    wait_until_quiet(site)
    began = time.monotonic()
    _create(site, name)
    shown_s, ready_at = _watched(site, name, began)
    took_s = time.monotonic() - began
    calls = len(site.calls.since(began))
    events = site.get(f"/networks/{name}/events", limit=200)["items"]
    last_at = datetime.fromisoformat(events[-1]["at"]).timestamp()
    return shown_s, ready_at - last_at, calls / took_s


def _create(site: OnAws, name: str) -> None:
    body = {"name": name, "region": REGION, "availability_zones": 1}
    site.post("/networks", body)


def _watched(site: OnAws, name: str, began: float) -> tuple[float, float]:
    """When the page shows the address, since it was asked for, and *ready*, since 1970."""
    page, headers = f"{site.dashboard.url}/networks/{name}", site.dashboard.cookie
    shown_s = None
    if ADDRESS.search(plain_http.get(page, headers=headers).text):
        shown_s = time.monotonic() - began
    with plain_http.stream("GET", f"{page}/stream", headers=headers, timeout=LIMIT_S) as stream:
        for line in stream.iter_lines():
            if shown_s is None and ADDRESS.search(line):
                shown_s = time.monotonic() - began
            if "Ready</span>" in line:
                assert shown_s is not None, "ready, and no address is shown"
                return shown_s, time.time()
    raise RuntimeError("the stream ended before the network was ready")


def _all_ready(site: OnAws, names: set[str]) -> bool:
    items = site.get("/networks", limit=100)["items"]
    statuses = {each["name"]: each["status"] for each in items if each["name"] in names}
    assert "failed" not in statuses.values(), statuses
    return len(statuses) == len(names) and set(statuses.values()) == {"ready"}


def wait_until_quiet(site: OnAws) -> None:
    wait_for(lambda: not site.calls.since(time.monotonic() - QUIET_S), QUIET_LIMIT_S)
