"""wrk asks a server for one URL, again and again, on connections that stay open.

Other processes can only add to what a request costs: the cheapest of the rounds counts.
"""

import json
import math
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.bench.processes import cpu_s

CONNECTIONS = 32
ROUND_S = 1
ROUNDS = 3
TIMEOUT_S = 60
SETTLE_S = 0.15
"""What is done after an answer, such as to write log lines, is a part of its cost."""
SCRIPTS = Path(__file__).parent / "wrk"


@dataclass(frozen=True)
class Target:
    """A server's process, and what to ask it for."""

    pid: int
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def asking(self, headers: dict[str, str]) -> "Target":
        return replace(self, headers=self.headers | headers)


@dataclass(frozen=True)
class Answers:
    """`refused`: with 429, or with 503, and Retry-After. `broken`: another 5xx, or no answer. Both
    are counted by the script `statuses` alone; `failed` is 4xx and 5xx."""

    requests: int
    failed: int
    lost: int
    p99_ms: float
    refused: int = 0
    broken: int = 0
    cpu_s: float = 0

    @property
    def cost_us(self) -> float:
        """CPU time for each request that was not refused, in microseconds."""
        good = self.requests - self.failed
        return self.cpu_s / good * 1e6 if good else math.inf


def ask(
    target: Target,
    *,
    connections: int = CONNECTIONS,
    seconds: int = ROUND_S,
    threads: int = 1,
    script: str = "totals",
) -> Answers:
    command = ["wrk", f"-c{connections}", f"-d{seconds}s", f"-t{threads}", "--latency"]
    command += ["--timeout", f"{TIMEOUT_S}s", "-s", str(SCRIPTS / f"{script}.lua")]
    for name, value in target.headers.items():
        command += ["-H", f"{name}: {value}"]
    before = cpu_s(target.pid)
    done = subprocess.run([*command, target.url], capture_output=True, text=True, check=True)
    time.sleep(SETTLE_S)
    spent_s = cpu_s(target.pid) - before
    return Answers(**json.loads(done.stdout.splitlines()[-1]), cpu_s=spent_s)


def costs_us(
    *targets: Target, connections: int = CONNECTIONS, rounds: int = ROUNDS
) -> tuple[float, ...]:
    """Of a request to each, the cheapest of rounds in which they take turns."""
    found = [
        [ask(target, connections=connections).cost_us for target in targets] for _ in range(rounds)
    ]
    return tuple(min(costs) for costs in zip(*found, strict=True))
