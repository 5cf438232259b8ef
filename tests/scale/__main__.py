"""`python -m tests.scale [ROWS] [REPLICAS]`: the simulation with 100,000 networks."""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.scale.simulation import Simulation

ROWS, REPLICAS = 100_000, 3
PER_S = 4.0
"""Calls that AWS takes in each region: fewer than the replicas would make."""


def main() -> None:
    given = [int(text) for text in sys.argv[1:]]
    rows, replicas = (*given, *(ROWS, REPLICAS)[len(given) :])
    began_s = time.process_time()
    with TemporaryDirectory(prefix="egret-scale-") as folder:
        found = Simulation(Path(folder), rows, replicas, per_s=PER_S, killed_after_s=60).run()
    print(f"{found.done:,} of {rows:,} networks were built, {found.left} leases are left.")
    print(f"Virtual time: {found.took_s / 3600:.1f} h. Taken over: {found.taken_over} steps.")
    print(f"Calls: {found.calls:,}, of which {found.throttled:,} were throttled.")
    print(f"CPU of the simulation: {time.process_time() - began_s:.0f} s.")
    sys.exit(found.done != rows or found.twice_at_once != 0)


main()
