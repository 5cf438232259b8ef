"""What pages and lists cost with 10,000 networks, in parts of what they cost with 100."""

import httpx

from tests.bench.measures.pages import PATIENCE_S, cost_us, costs_of
from tests.bench.served import Served
from tests.bench.world import World

FEW, MANY = 100, 10_000
PAGES = {"overview": "/", "networks": "/networks", "keys": "/keys", "addresses": "/addresses"}
OTHERS = (
    "/functions",
    "/functions/new",
    "/networks/network-00007",
    "/functions/function-00007",
    "/api/v1/networks",
    "/api/v1/keys",
    "/api/v1/functions",
    "/api/v1/addresses",
    "/api/v1/addresses/a7",
    "/api/v1/networks/network-00007",
)


def measure(world: World) -> dict[str, float | None]:
    few, many = world.with_rows(FEW), world.with_rows(MANY)
    figures: dict[str, float | None] = {}
    for name, path in PAGES.items():
        figures[f"growth.{name}"] = ratio(world, few, many, path)
    others = {path: ratio(world, few, many, path) for path in OTHERS}
    dearest = max(others, key=lambda path: others[path])
    world.note(f"growth.others: the most is that of {dearest}")
    return figures | {"growth.others": others[dearest]}


def ratio(world: World, few: Served, many: Served, path: str) -> float:
    """At least so much, for a page that takes longer than anybody waits."""
    try:
        base_us, found_us = costs_of(path, few, many)
    except httpx.TimeoutException:
        many.restart()
        base_us, found_us = cost_us(few, path), PATIENCE_S * 1e6
        world.note(f"growth: {path} takes longer than {PATIENCE_S} s with {MANY:,} networks")
    return found_us / base_us
