"""`make bench`: figures of a real dashboard on a real sandbox, printed; nothing is asserted.

CPU time of the server process per request, from /proc, as a ratio to its own static file in the
same run: machines differ and are shared, ratios less so.
"""

import os
import tempfile
import time
from pathlib import Path

import httpx

from tests.dashboard import PASSWORD, Dashboard, wait_for
from webapp.sandbox.launcher import Sandbox

PACE_S = 0.6
REQUESTS = 400
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="egret-bench-"))
    started = time.monotonic()
    with Sandbox.start(folder / "sandbox", pace_s=PACE_S, address_quota=5) as sandbox:
        print(f"sandbox ready after        {time.monotonic() - started:6.2f} s")
        started = time.monotonic()
        dashboard = Dashboard(sandbox, folder / "dashboard").start()
        print(f"dashboard ready after      {time.monotonic() - started:6.2f} s")
        try:
            provisioning(dashboard)
            serving(dashboard)
        finally:
            dashboard.stop()


def provisioning(dashboard: Dashboard) -> None:
    """From the click to the address, and from the last event to ready."""
    api, started = dashboard.api(), time.monotonic()
    body = {"name": "bench", "region": "eu-central-1", "availability_zones": 1}
    api.post("/networks", body).raise_for_status()
    path = "/networks/bench"
    wait_for(lambda: api.get(path).json()["addresses"][0]["public_ip"], 10)
    print(f"address after the click    {time.monotonic() - started:6.2f} s  (aim: 2)")
    network = api.settled(path)
    events = api.get(f"{path}/events", params={"limit": 200}).json()["items"]
    lag = _seconds(network["updated_at"]) - _seconds(events[-1]["at"])
    print(f"ready after the last event {lag:6.2f} s  (aim: 3)")


def serving(dashboard: Dashboard) -> None:
    """CPU per request of a few pages, against a static file's."""
    with httpx.Client(base_url=dashboard.url) as client:
        token = dashboard.setup_url.partition("token=")[2]
        form = {"token": token, "name": "bench", "password": PASSWORD}
        client.post("/setup", data=form)
        page = client.get("/networks").text
        start = page.index("/static/")
        static = page[start : page.index('"', start)]
        base = cpu_us(dashboard, client, static)
        print(f"static file                {base:6.0f} µs  ratio 1.00")
        for path in ("/networks", "/networks/bench", "/api/v1/networks"):
            cost = cpu_us(dashboard, client, path)
            print(f"{path:26} {cost:6.0f} µs  ratio {base / cost:.2f}")


def cpu_us(dashboard: Dashboard, client: httpx.Client, path: str) -> float:
    """Microseconds of CPU that the server spends on one request."""
    client.get(path).raise_for_status()
    before = _ticks(dashboard)
    for _ in range(REQUESTS):
        client.get(path)
    return (_ticks(dashboard) - before) / TICKS_PER_S / REQUESTS * 1e6


def _ticks(dashboard: Dashboard) -> int:
    assert dashboard.process is not None
    fields = Path(f"/proc/{dashboard.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _seconds(iso: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(iso).timestamp()


main()
