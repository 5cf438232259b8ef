"""1,000 browsers look at the live page of a network on which nothing happens, and then something.

They are of 50 sessions and at 250 addresses, behind a proxy. What happens is written by another
process, as a second replica would; the last of them to be served counts, the median of the events.
"""

import asyncio
import sqlite3
import time
from contextlib import closing
from itertools import count
from pathlib import Path
from statistics import median

from tests.bench.crowd import Crowd, watching
from tests.bench.processes import cpu_s, resident_mib
from tests.bench.rows import WATCHED, an_event
from tests.bench.served import Served
from tests.bench.world import World
from tests.bench.wrk import Target

NETWORKS = 10
WATCHERS = 1000
SESSIONS = 50
ADDRESSES = 250
SETTLE_S = 3
IDLE_S = 10
EVENTS = 7
BETWEEN_S = 0.7
LOCK_WAIT_S = 10
NONE = {"watchers.cpu": None, "watchers.memory": None, "watchers.last_ms": None}
_numbers = count(1)


def measure(world: World) -> dict[str, float | None]:
    with world.behind_proxy("watched", NETWORKS) as dashboard:
        targets = [_target(dashboard, number) for number in range(WATCHERS)]
        before_mib = resident_mib(dashboard.pid)
        return asyncio.run(_watch(world, dashboard, targets, before_mib))


async def _watch(
    world: World, dashboard: Served, targets: list[Target], before_mib: float
) -> dict[str, float | None]:
    async with watching(targets) as crowd:
        await asyncio.sleep(SETTLE_S)
        before_s = cpu_s(dashboard.pid)
        await asyncio.sleep(IDLE_S)
        share = (cpu_s(dashboard.pid) - before_s) / IDLE_S
        memory_mib = resident_mib(dashboard.pid) - before_mib
        states = ", ".join(f"{number:,} {state}" for state, number in crowd.states.items())
        world.note(f"watchers: {states}; {memory_mib:.0f} MiB, {share:.1%} of a core")
        if crowd.states["live"] < WATCHERS:
            return {**NONE}
        last_s = [await _last_s(crowd, dashboard.data_dir) for _ in range(EVENTS)]
    in_time = [each for each in last_s if each is not None]
    world.note(f"watchers: {', '.join(f'{each * 1000:.0f}' for each in in_time)} ms to the last")
    return {
        "watchers.cpu": share * 100,
        "watchers.memory": memory_mib,
        "watchers.last_ms": median(in_time) * 1000 if len(in_time) == EVENTS else None,
    }


async def _last_s(crowd: Crowd, folder: Path) -> float | None:
    """From the commit to the last one who saw it."""
    await asyncio.sleep(BETWEEN_S)
    event = an_event("network:n0", next(_numbers))
    await crowd.see(f">{event['logical_id']}<".encode())
    return await crowd.last_seen_after_s(await asyncio.to_thread(_write, folder, event))


def _write(folder: Path, event: dict[str, object]) -> float:
    names = ", ".join(event)
    values = ", ".join(f":{name}" for name in event)
    with closing(sqlite3.connect(folder / "egret.db", timeout=LOCK_WAIT_S)) as database:
        database.execute(f"INSERT INTO stack_event ({names}) VALUES ({values})", event)
        database.commit()
        return time.monotonic()


def _target(dashboard: Served, number: int) -> Target:
    session = dashboard.session(number % SESSIONS)
    address = f"198.51.100.{number % ADDRESSES + 1}"
    headers = session | {"X-Forwarded-For": address}
    return Target(dashboard.pid, f"{dashboard.url}/networks/{WATCHED}/stream", headers)
