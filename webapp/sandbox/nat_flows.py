"""What the sandbox's NAT gateways forward: counted here, and sent to the embedded CloudWatch.

The names are those of AWS's metrics of a NAT gateway. AWS measures by the minute; this NAT
reports by the second, so that a page that is loaded right after a call shows it.
"""

import asyncio
import json
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from webapp.sandbox.doors import FLOWS
from webapp.sandbox.nat_http import WITHOUT_TLS

REPORT_EVERY_S = 1.0
TIMEOUT_S = 5.0
SERVICE, ANY_REGION = "sandbox", "us-east-1"
ACTIVE = "ActiveConnectionCount"
NEVER_HERE = {"ErrorPortAllocation": 0, "PacketsDropCount": 0}
"""This NAT does not run out of ports and loses no packets; AWS reports zeros too."""

Send = Callable[[list[dict[str, Any]]], Awaitable[bool]]
Gateway = tuple[str, str, str]
"""Account, region and id of a NAT gateway; without an id, nothing is reported."""

log = logging.getLogger("egret.sandbox.nat")


class Connection:
    """One through a NAT gateway; it is open inside a `with` block."""

    def __init__(self, flows: "Flows", gateway: Gateway) -> None:
        self._flows, self._gateway = flows, gateway
        self._is_answered = False

    def sent(self, size: int) -> None:
        """So many bytes came from the function, and went to the partner."""
        self._flows.add(self._gateway, BytesInFromSource=size, BytesOutToDestination=size)

    def answered(self, size: int) -> None:
        """So many bytes came from the partner, and went to the function."""
        first, self._is_answered = not self._is_answered, True
        self._flows.add(
            self._gateway,
            ConnectionEstablishedCount=int(first),
            BytesInFromDestination=size,
            BytesOutToSource=size,
        )

    def __enter__(self) -> "Connection":
        self._flows.change_active(self._gateway, 1)
        self._flows.add(self._gateway, ConnectionAttemptCount=1)
        return self

    def __exit__(self, *_: object) -> None:
        self._flows.change_active(self._gateway, -1)


class Flows:
    """Counts since the last report."""

    def __init__(self) -> None:
        self._counted: defaultdict[Gateway, Counter[str]] = defaultdict(Counter)
        self._active: Counter[Gateway] = Counter()

    def connection(self, gateway: Gateway) -> Connection:
        return Connection(self, gateway)

    def add(self, gateway: Gateway, **counts: int) -> None:
        self._counted[gateway].update(counts)

    def change_active(self, gateway: Gateway, by: int) -> None:
        """The highest number since the last report is reported."""
        self._active[gateway] += by
        counted = self._counted[gateway]
        counted[ACTIVE] = max(counted[ACTIVE], self._active[gateway])

    def take(self) -> list[dict[str, Any]]:
        """What was counted since this was last asked, as the embedded AWS takes it."""
        counted, self._counted = self._counted, defaultdict(Counter)
        for gateway in +self._active:
            self.change_active(gateway, 0)
        return [
            {
                "account": account,
                "region": region,
                "nat_gateway_id": nat_id,
                "at": time.time(),
                "metrics": NEVER_HERE | metrics,
            }
            for (account, region, nat_id), metrics in counted.items()
            if nat_id
        ]


async def report(flows: Flows, endpoint: str, access_key_id: str, secret: str) -> None:
    """Send the counts to the embedded AWS, signed as the NAT, until the process ends."""
    send, unsent = None, list[dict[str, Any]]()
    while True:
        await asyncio.sleep(REPORT_EVERY_S)
        unsent += flows.take()
        if unsent:
            send = send or _sender(endpoint, access_key_id, secret)
            unsent = [] if await send(unsent) else unsent


def _sender(endpoint: str, access_key_id: str, secret: str) -> Send:
    """What sends counts, and says whether they arrived."""
    import httpx
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signer = SigV4Auth(Credentials(access_key_id, secret), SERVICE, ANY_REGION)
    client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=WITHOUT_TLS)
    url = f"{endpoint}{FLOWS}"

    async def send(counts: list[dict[str, Any]]) -> bool:
        request = AWSRequest("POST", url, data=json.dumps(counts))
        signer.add_auth(request)
        try:
            answer = await client.post(url, content=request.data, headers=dict(request.headers))
            answer.raise_for_status()
        except httpx.HTTPError as error:
            log.info("the flows will be sent later: %r", error)
            return False
        return True

    return send
