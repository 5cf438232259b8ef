"""Figures: a page, a list of the API and /healthz, while each kind of client is at work.

`python -m tests.load` starts a dashboard for it, whose AWS does not answer. Nothing is asserted.
"""

import asyncio
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from sqlmodel import Session

from tests.dashboard import Dashboard
from tests.load.attacks import ATTACKS, attack_with
from tests.load.clients import HOST, Target
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
class Figures:
    """Of one path: how long it took, in ms, and the statuses."""

    took_ms: list[float]
    statuses: "Counter[str]"

    @property
    def told(self) -> str:
        statuses = ", ".join(f"{number} of {what}" for what, number in self.statuses.items())
        p50, p99 = self._percentile(0.5), self._percentile(0.99)
        return f"p50 {p50:6.0f} ms  p99 {p99:6.0f} ms  {statuses}"

    def _percentile(self, share: float) -> float:
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


def load(target: Target, seconds: float = MEASURED_S) -> None:
    """Print a line per attack and path. The clients are in a process of their own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as apart:
        apart.submit(int).result()
        for number, attack in enumerate(ATTACKS):
            bad = replace(target, source=f"127.0.0.{100 + number}", token="", seen=Counter())
            if not attack.signed_in:
                bad = replace(bad, cookie="")
            attacking = apart.submit(attack_with, bad, number, BEFORE_S + seconds)
            time.sleep(BEFORE_S)
            found = asyncio.run(_measure(target, seconds))
            told = ", ".join(f"{number} {what}" for what, number in attacking.result().items())
            print(f"{attack.name}: {told}")
            for path, figures in found.items():
                print(f"  {path:18} {figures.told}  (aim: {AIMS_MS[path]} ms)")


async def _measure(target: Target, seconds: float) -> dict[str, Figures]:
    found = await asyncio.gather(*(measured(target, path, seconds) for path in AIMS_MS))
    return dict(zip(AIMS_MS, found, strict=True))


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
    load(target)


if __name__ == "__main__":
    main()
