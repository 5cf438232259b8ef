"""What a start costs until the first answer, and what a dashboard costs that nobody uses.

The database is up to date, as after a restart; nothing is in it. The AWS of the idle one is the
embedded one, so that its rounds do what they do everywhere.
"""

import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.bench.processes import cpu_s, resident_mib
from tests.bench.served import NOWHERE, Served
from tests.bench.world import World
from tests.dashboard import free_port

STARTS = 5
LIMIT_S = 30
ASK_EVERY_S = 0.01
ROUNDS_OVER_S = 8
IDLE_S = 20
REQUEST = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def measure(world: World) -> dict[str, float | None]:
    """The cheapest start, after one that makes the database."""
    folder = world.folder / "starting"
    costs = [start_cost_s(folder) for _ in range(STARTS + 1)]
    world.note(f"start: the first one, with all migrations, {costs[0]:.2f} s of CPU")
    return {"start.cpu": min(costs[1:])}


def idle(world: World) -> dict[str, float | None]:
    """After a restart, and after the first rounds of its regions."""
    with Served(world.sandbox, world.folder / "idle") as dashboard:
        dashboard.restart()
        time.sleep(ROUNDS_OVER_S)
        before_s, sizes = cpu_s(dashboard.pid), []
        for _ in range(IDLE_S):
            time.sleep(1)
            sizes.append(resident_mib(dashboard.pid))
        share = (cpu_s(dashboard.pid) - before_s) / IDLE_S
    return {"idle.memory": median(sizes), "idle.cpu": share * 100}


def start_cost_s(folder: Path) -> float:
    """Seconds of CPU from the command to the first 200."""
    served = Served(None, folder, NOWHERE, port=free_port())
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp", "serve"],
        env=served.variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + LIMIT_S
        while not _answers(served.port):
            assert process.poll() is None, "it ended"
            assert time.monotonic() < until, f"no answer within {LIMIT_S} s"
            time.sleep(ASK_EVERY_S)
        return cpu_s(process.pid)
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as connection:
            connection.sendall(REQUEST)
            return connection.recv(12).endswith(b" 200")
    except OSError:
        return False
