"""Where the requests of functions leave the sandbox: the egress path, walked in the embedded EC2.

A walk takes about 60 ms of CPU; one that found its way out counts for KNOWN_S, so that many calls a
second do not keep the machine busy. A broken path is walked again for each request.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from webapp.aws.clients import Clients
from webapp.aws.egress.hops import EgressPath
from webapp.aws.egress.walk import walk
from webapp.errors import EgretError

ADDRESS_OUTSIDE_VPCS = "198.18.0.1"
"""The source address of a function without a VPC: one of AWS's own."""
KNOWN_S = 0.3
"""How long a change of the network may go unnoticed. On AWS too it takes a moment to count."""
OUTSIDE = "-"
CALLER_PARTS = 5

Path = tuple[str, str, str, str, int]
"""Account, region, subnet, security groups and port: what a walk depends on."""

log = logging.getLogger("egret.sandbox.nat")


@dataclass(frozen=True)
class Caller:
    """A function's execution environment; `subnet_id` and `groups` are '-' outside any VPC.

    `groups` are security groups with a plus between them.
    """

    account: str
    region: str
    function: str
    subnet_id: str
    groups: str

    @classmethod
    def of(cls, user: str) -> "Caller | None":
        """None for a user that does not name all of it."""
        names = user.split(".")
        return cls(*names) if len(names) == CALLER_PARTS and all(names) else None


@dataclass(frozen=True)
class Exit:
    """Where a request ends: at which NAT gateway, if any; with which address, if it gets out."""

    nat_gateway_id: str = ""
    address: str | None = None


NOWHERE = Exit()


class WaysOut:
    """`clients_of` gives those of an account, by its number."""

    def __init__(self, clients_of: Callable[[str], Clients]) -> None:
        self._clients_of = clients_of
        self._walks: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._known: dict[Path, tuple[float, Exit]] = {}

    async def find(self, caller: Caller, port: int) -> Exit:
        """At the end of the egress path. Of several requests at once, one walks for all."""
        path = (caller.account, caller.region, caller.subnet_id, caller.groups, port)
        async with self._walks[path]:
            until, known = self._known.get(path, (0.0, NOWHERE))
            if time.monotonic() < until:
                return known
            found = await asyncio.to_thread(self._exit, caller, port)
            if found.address is not None:
                self._known[path] = (time.monotonic() + KNOWN_S, found)
            return found

    def _exit(self, caller: Caller, port: int) -> Exit:
        """At the end of the caller's egress path; without an address if the path is broken."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self._walk(caller, port)
        except (EgretError, BotoCoreError, ClientError) as error:
            log.info("no egress path for %s: %s", caller.function, error)
            return NOWHERE

    def _walk(self, caller: Caller, port: int) -> Exit:
        if caller.subnet_id == OUTSIDE:
            return Exit(address=ADDRESS_OUTSIDE_VPCS)
        path = walk(
            self._clients_of(caller.account).ec2(caller.region),
            caller.region,
            subnet_id=caller.subnet_id,
            group_ids=caller.groups.split("+"),
            port=port,
        )
        return Exit(_nat_gateway(path), path.source_address)


def _nat_gateway(path: EgressPath) -> str:
    """The id of the one that packets get to; '' if there is none on the path."""
    passed = (hop.resource_id for hop in path.hops if hop.name == "NAT gateway" and hop.ok)
    return next(passed, "")
