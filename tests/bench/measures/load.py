"""500 connections that ask as fast as they are answered, of 250 clients behind a proxy.

A page may be refused, with Retry-After, while too many wait for one; a preview may not.
"""

from tests.bench.rows import name_of
from tests.bench.served import Served
from tests.bench.world import World
from tests.bench.wrk import Answers, ask

NETWORKS = 10
CONNECTIONS = 500
SECONDS = 30
THREADS = 2
PREVIEW = f"/api/v1/functions/{name_of('function', 7)}/preview"
PAGE = f"/networks/{name_of('network', 7)}"


def measure(world: World) -> dict[str, float | None]:
    with world.behind_proxy("loaded", NETWORKS) as dashboard:
        for path in (PREVIEW, PAGE):
            dashboard.get(path)
        previews, pages = (_asked(world, dashboard, path) for path in (PREVIEW, PAGE))
    return {
        "load.previews_5xx": previews.refused + previews.broken + previews.lost,
        "load.previews_p99": previews.p99_ms / 1000,
        "load.pages_5xx": pages.broken + pages.lost,
        "load.pages_p99": pages.p99_ms / 1000,
    }


def _asked(world: World, dashboard: Served, path: str) -> Answers:
    target = dashboard.target(path)
    found = ask(
        target, connections=CONNECTIONS, seconds=SECONDS, threads=THREADS, script="statuses"
    )
    good = found.requests - found.refused - found.broken
    world.note(
        f"load: {path}: {good:,} answers, {found.refused:,} refused, {found.broken:,} broken, "
        f"{found.lost:,} lost"
    )
    return found
