"""What the sandbox's NAT gateways forward: counted here, and told to the embedded CloudWatch.

The names are those of AWS's metrics of a NAT gateway. AWS measures by the minute, we tell by the
second, so that a page that is loaded right after a call shows it.
"""

import asyncio
import json
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from webapp.sandbox.doors import FLOWS

REPORT_EVERY_S = 1.0
TIMEOUT_S = 5.0
SERVICE, ANY_REGION = "sandbox", "us-east-1"
NEVER_HERE = {"ErrorPortAllocation": 0, "PacketsDropCount": 0}
"""This NAT does not run out of ports and loses no packets; AWS tells zeros too."""

Gateway = tuple[str, str]
"""Region and id of a NAT gateway; without an id, nothing is told."""

log = logging.getLogger("egret.sandbox.nat")


class Connection:
    """One that is open, through a NAT gateway."""

    def __init__(self, counted: Counter[str]) -> None:
        self._counted = counted

    def sent(self, size: int) -> None:
        """So many bytes more came from the function, and went to the partner."""
        self._counted["BytesInFromSource"] += size
        self._counted["BytesOutToDestination"] += size

    def answered(self, size: int) -> None:
        """The partner's answer of `size` bytes came, and went to the function."""
        self._counted["ConnectionEstablishedCount"] += 1
        self._counted["BytesInFromDestination"] += size
        self._counted["BytesOutToSource"] += size


class Flows:
    """Counts since the last report."""

    def __init__(self) -> None:
        self._counted: defaultdict[Gateway, Counter[str]] = defaultdict(Counter)
        self._active: Counter[Gateway] = Counter()

    @contextmanager
    def connection(self, gateway: Gateway, sent: int) -> Iterator[Connection]:
        """A request of `sent` bytes goes through; its connection is open until the block's end."""
        self._active[gateway] += 1
        counted = Counter[str]()
        counted["ActiveConnectionCount"] = self._active[gateway]
        counted["ConnectionAttemptCount"] = 1
        counted["BytesInFromSource"] = counted["BytesOutToDestination"] = sent
        try:
            yield Connection(counted)
        finally:
            self._active[gateway] -= 1
            self._add(gateway, counted)

    def take(self) -> list[dict[str, Any]]:
        """What was counted since this was last asked, as the embedded AWS takes it."""
        counted, self._counted = self._counted, defaultdict(Counter)
        return [
            {
                "region": region,
                "nat_gateway_id": nat_id,
                "at": time.time(),
                "metrics": NEVER_HERE | metrics,
            }
            for (region, nat_id), metrics in counted.items()
            if nat_id
        ]

    def _add(self, gateway: Gateway, counted: Counter[str]) -> None:
        most = "ActiveConnectionCount"
        there = self._counted[gateway]
        at_once = max(there[most], counted[most])
        there.update(counted)
        there[most] = at_once


async def report(flows: Flows, endpoint: str, credentials: Credentials) -> None:
    """Tell the embedded AWS, signed as the NAT, until the process ends."""
    url, told = f"{endpoint}{FLOWS}", list[dict[str, Any]]()
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            told += flows.take()
            if not told:
                continue
            request = AWSRequest("POST", url, data=json.dumps(told))
            SigV4Auth(credentials, SERVICE, ANY_REGION).add_auth(request)
            try:
                answer = await client.post(url, content=request.data, headers=dict(request.headers))
                answer.raise_for_status()
                told = []
            except httpx.HTTPError as error:
                log.info("the flows are told later: %r", error)
