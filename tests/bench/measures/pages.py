"""CPU time of pages that are made anew for each request, with 100 networks; lists show 50 rows.

As in use between two changes: rows of lists that have not changed are kept as HTML, and what the
overview says is read once after each commit. All else is read and drawn for each request.
"""

from tests.bench.processes import cpu_s
from tests.bench.rows import name_of
from tests.bench.served import Served
from tests.bench.world import World
from tests.bench.wrk import costs_us

NETWORKS = 100
CONNECTIONS = 8
"""A person's browser has no more; the bound for one client is not reached."""
ROUNDS = 3
SLOW_S = 0.03
TRIES = 3
"""Of a slow page. What the process does beside it, such as at its start, is no part of its cost."""
PATIENCE_S = 10
PATHS = {
    "function": f"/functions/{name_of('function', 7)}",
    "network": f"/networks/{name_of('network', 7)}",
    "overview": "/",
    "networks": "/networks",
    "keys": "/keys",
    "addresses": "/addresses",
}


def measure(world: World) -> dict[str, float | None]:
    dashboard = world.with_rows(NETWORKS)
    figures: dict[str, float | None] = {}
    for name, path in PATHS.items():
        figures[f"pages.{name}"] = cost_us(dashboard, path)
    return figures


def cost_us(dashboard: Served, path: str) -> float:
    (cost,) = costs_of(path, dashboard)
    return cost


def costs_of(path: str, *dashboards: Served) -> tuple[float, ...]:
    """Of one request to each, which take turns; of a slow page, the cheapest of a few."""
    once_us = tuple(_once_us(each, path) for each in dashboards)
    if max(once_us) > SLOW_S * 1e6:
        return once_us
    targets = [each.target(path) for each in dashboards]
    return costs_us(*targets, connections=CONNECTIONS, rounds=ROUNDS)


def _once_us(dashboard: Served, path: str) -> float:
    """After a first request, which reads and compiles what the others need."""
    dashboard.get(path, timeout=PATIENCE_S)
    found_s = []
    for _ in range(TRIES):
        before_s = cpu_s(dashboard.pid)
        dashboard.get(path, timeout=PATIENCE_S)
        found_s.append(cpu_s(dashboard.pid) - before_s)
    return min(found_s) * 1e6
