"""The hops of an egress path: what a packet passes on its way out, and what is wrong with each.

They are called by the names that AWS's documentation uses.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Problem(NamedTuple):
    """`detail` says what is wrong with a hop, `repair` what to do about it."""

    detail: str
    repair: str


NO_PROBLEM = Problem("", "")
HOPS = (
    "security group",
    "network ACL",
    "route table",
    "NAT gateway",
    "NAT gateway's network ACL",
    "NAT gateway's route table",
    "internet gateway",
    "VPC Block Public Access",
    "address",
    "DNS",
)
"""In the order in which a packet passes them."""
FUNCTION_HOPS = ("role", "function")
"""What the function itself needs; checked after HOPS."""


@dataclass(frozen=True)
class Hop:
    """One thing that a packet passes. `note` is worth knowing although nothing is broken."""

    name: str
    resource_id: str
    detail: str = ""
    repair: str = ""
    note: str = ""

    @property
    def ok(self) -> bool:
        return not self.detail


@dataclass(frozen=True)
class EgressPath:
    """The hops up to and including the first broken one; `source_address` when none is broken."""

    hops: tuple[Hop, ...]
    source_address: str | None = None

    @property
    def broken(self) -> Hop | None:
        return next((hop for hop in self.hops if not hop.ok), None)
