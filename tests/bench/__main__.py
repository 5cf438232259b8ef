"""`make bench`: figures of a real dashboard on a real sandbox, printed; nothing is asserted.

CPU time of the server process per request, from /proc, as a ratio to its own static file in the
same run: machines differ and are shared, ratios less so.
"""

import os
import re
import tempfile
import time
from datetime import datetime
from pathlib import Path

import httpx

from tests.bench import accounts, cold_start
from tests.dashboard import Dashboard, wait_for
from tests.load.__main__ import load_on
from webapp.sandbox.launcher import Sandbox

PACE_S = 0.6
REQUESTS = 400
READY_TIMEOUT_S = 60
ADDRESS = re.compile(r'<code class="ip">\d+\.\d+\.\d+\.\d+<')
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    accounts.main()
    cold_start.main()
    folder = Path(tempfile.mkdtemp(prefix="egret-bench-"))
    started = time.monotonic()
    with Sandbox.start(folder / "sandbox", pace_s=PACE_S, address_quota=5) as sandbox:
        print(f"sandbox ready after        {time.monotonic() - started:6.2f} s")
        started = time.monotonic()
        dashboard = Dashboard(sandbox, folder / "dashboard").start()
        print(f"dashboard ready after      {time.monotonic() - started:6.2f} s")
        try:
            cookies = dashboard.signed_in()
            provisioning(dashboard, cookies)
            serving(dashboard, cookies)
            load_on(dashboard)
        finally:
            dashboard.stop()


def provisioning(dashboard: Dashboard, cookies: dict[str, str]) -> None:
    """As a page sees it: from the click to the address, and from the last event to *ready*."""
    api, page = dashboard.api(), httpx.Client(base_url=dashboard.url, cookies=cookies)
    started = time.monotonic()
    body = {"name": "bench", "region": "eu-central-1", "availability_zones": 1}
    api.post("/networks", body).raise_for_status()
    wait_for(lambda: ADDRESS.search(page.get("/networks/bench").text), 10)
    print(f"address after the click    {time.monotonic() - started:6.2f} s  (aim: 2)")
    shown = ready_shown_at(page)
    events = api.get("/networks/bench/events", params={"limit": 200}).json()["items"]
    last = datetime.fromisoformat(events[-1]["at"]).timestamp()
    print(f"ready after the last event {shown - last:6.2f} s  (aim: 3)")
    page.close()


def ready_shown_at(page: httpx.Client) -> float:
    """Follow the page's stream until it says *ready*; seconds since 1970."""
    with page.stream("GET", "/networks/bench/stream", timeout=READY_TIMEOUT_S) as stream:
        for line in stream.iter_lines():
            if "Ready</span>" in line:
                return time.time()
    raise RuntimeError("the stream ended before the network was ready")


def serving(dashboard: Dashboard, cookies: dict[str, str]) -> None:
    """CPU per request of a few pages, against a static file's."""
    with httpx.Client(base_url=dashboard.url, cookies=cookies) as client:
        page = client.get("/networks").text
        start = page.index("/static/")
        static = page[start : page.index('"', start)]
        base = cpu_us(dashboard, client, static)
        print(f"static file                {base:6.0f} µs  ratio 1.00")
        for path in ("/", "/networks", "/networks/bench", "/addresses", "/api/v1/networks"):
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


main()
