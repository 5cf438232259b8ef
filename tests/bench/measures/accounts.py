"""What one more account costs: its session of botocore's and its clients, in time and memory.

STS is not asked, since that depends on the network.
"""

import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from tests.bench.world import World
from tests.services.scripted import ScriptedAws
from webapp.aws.accounts import AccountRole
from webapp.aws.clients import Clients

REGION = "eu-central-1"
ROUNDS = 9
FIRST = ("ec2",)
ALL = (
    "apigateway",
    "awslambda",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "kms",
    "logs",
    "s3",
    "secretsmanager",
    "service_quotas",
    "sts",
)


def measure(world: World) -> dict[str, float | None]:
    aws = ScriptedAws()
    until = datetime.now(UTC) + timedelta(hours=1)
    made = {"AccessKeyId": "ASIA", "SecretAccessKey": "x", "SessionToken": "t", "Expiration": until}
    aws.answers["AssumeRole"] = {"Credentials": made}
    _use(aws.clients, ALL)
    first_ms, first_kib = cost(lambda number: _member(aws, number), FIRST)
    world.note(f"accounts: with one client {first_ms:.1f} ms, {first_kib / 1024:.2f} MiB")
    took_ms, size_kib = cost(lambda number: _member(aws, number), ALL)
    return {"accounts.ms": took_ms, "accounts.mib": size_kib / 1024}


def cost(connect: Callable[[int], Clients], services: Sequence[str]) -> tuple[float, float]:
    """Milliseconds of CPU time and KiB of an account: the median, after a first one."""
    kept: list[Clients] = []
    took_ms, size_kib = [], []
    for number in range(ROUNDS):
        began = time.process_time()
        kept.append(_use(connect(number), services))
        took_ms.append((time.process_time() - began) * 1000)
    tracemalloc.start()
    for number in range(ROUNDS):
        before, _ = tracemalloc.get_traced_memory()
        kept.append(_use(connect(ROUNDS + number), services))
        size_kib.append((tracemalloc.get_traced_memory()[0] - before) / 1024)
    tracemalloc.stop()
    return median(took_ms[1:]), median(size_kib[1:])


def _member(aws: ScriptedAws, number: int) -> Clients:
    arn = f"arn:aws:iam::{number:012d}:role/dashboard-for-egret"
    return aws.clients.assuming(AccountRole(f"account-{number}", arn, "an-external-id", REGION))


def _use(clients: Clients, services: Sequence[str]) -> Clients:
    for service in services:
        client: Any = getattr(clients, service)
        client(REGION)
    return clients
