"""Figures: a page, a list of the API and /healthz, while each kind of client is at work.

`python -m tests.load` starts a dashboard for it, whose AWS does not answer. Nothing is asserted.
"""

import asyncio
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel import Session

from tests.dashboard import Dashboard
from tests.load import clients
from tests.load.clients import HOST, Client, Target, attacked
from tests.services.rows import a_network, add
from webapp.db import temporary_engine
from webapp.models import Status
from webapp.settings import Settings

BEFORE_S = 0.7
MEASURED_S = 3.5
PAUSE_S = 0.02
TIMEOUT_S = 5.0
PAGE, LIST, HEALTH = "/networks", "/api/v1/networks", "/healthz"
AIMS_MS = {PAGE: 1000, LIST: 1000, HEALTH: 100}
NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "EGRET_REGIONS": "eu-central-1"}


@dataclass(frozen=True)
class Attack:
    """So many clients of a kind."""

    name: str
    clients: tuple[Client, ...]
    number: int
    signed_in: bool = True


ATTACKS = (
    Attack("nothing else", (), 0),
    Attack("silent connections", (clients.silent,), 300),
    Attack("slow heads", (clients.slow_head,), 100, signed_in=False),
    Attack(
        "slow bodies",
        (
            clients.slow_form,
            clients.slow_chunked_form,
            clients.slow_json,
            clients.slow_chunked_json,
        ),
        25,
    ),
    Attack("slow readers", (clients.slow_reader,), 50),
    Attack("pipelining", (clients.pipelining,), 5),
    Attack("sign-ins", (clients.sign_in,), 60, signed_in=False),
    Attack("one client's connections", (clients.page,), 500),
    Attack("streams", (clients.stream,), 200),
)


@dataclass(frozen=True)
class Figures:
    """Of one path: how long it took, in ms, and the statuses."""

    took_ms: list[float]
    statuses: "Counter[str]"

    def percentile(self, share: float) -> float:
        return sorted(self.took_ms)[min(len(self.took_ms) - 1, int(len(self.took_ms) * share))]


async def measured(target: Target, path: str, seconds: float) -> Figures:
    """One after the other, each on a connection of its own."""
    figures, until = Figures([], Counter()), time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            status = await asyncio.wait_for(_status(target, path), TIMEOUT_S)
        except TimeoutError:
            status = "no answer"
        except OSError as error:
            status = type(error).__name__
        figures.took_ms.append((time.monotonic() - began) * 1000)
        figures.statuses[status] += 1
        await asyncio.sleep(PAUSE_S)
    return figures


async def _status(target: Target, path: str) -> str:
    async with target.connection() as (reader, writer):
        writer.write(target.head("GET", path, Connection="close"))
        answer = await reader.read(-1)
        whole = path != PAGE or b"</html>" in answer
        return answer[9:12].decode() if whole else "cut off"


async def load(target: Target, seconds: float = MEASURED_S) -> None:
    """Print a line per attack and path."""
    for number, attack in enumerate(ATTACKS):
        source = f"127.0.0.{100 + number}"
        bad = replace(target, source=source, seen=Counter(), cookie=target.cookie, token="")
        if not attack.signed_in:
            bad.cookie = ""
        await _under(target, bad, attack, seconds)


async def _under(target: Target, bad: Target, attack: Attack, seconds: float) -> None:
    async with AsyncExitStack() as at_work:
        for client in attack.clients:
            await at_work.enter_async_context(attacked(bad, client, attack.number))
        await asyncio.sleep(BEFORE_S)
        found = await asyncio.gather(*(measured(target, path, seconds) for path in AIMS_MS))
    told = ", ".join(f"{number} {what}" for what, number in bad.seen.items())
    print(f"{attack.name}: {told}")
    for path, figures in zip(AIMS_MS, found, strict=True):
        p50, p99 = figures.percentile(0.5), figures.percentile(0.99)
        statuses = ", ".join(f"{number} of {what}" for what, number in figures.statuses.items())
        print(
            f"  {path:18} p50 {p50:6.0f} ms  p99 {p99:6.0f} ms  (aim: {AIMS_MS[path]})  {statuses}"
        )


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="egret-load-") as folder,
        Dashboard(None, Path(folder), NOWHERE) as dashboard,
    ):
        load_on(dashboard)


def load_on(dashboard: Dashboard) -> None:
    """On a dashboard that runs. A row is added: a network that never gets ready."""
    cookies = dashboard.signed_in()
    url = Settings(data_dir=dashboard.data_dir).database
    with temporary_engine(url) as engine, Session(engine) as session:
        add(session, a_network("load", status=Status.CREATING))
    target = Target(
        dashboard.port,
        cookie="; ".join(f"{name}={value}" for name, value in cookies.items()),
        token=dashboard.api().headers["Authorization"].removeprefix("Bearer "),
        source=HOST,
    )
    asyncio.run(load(target))


if __name__ == "__main__":
    main()
