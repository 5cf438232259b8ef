"""What a packet passes on its way out, and what is wrong with it.

A fault is a sentence and its repair; SOUND is the fault of what is not broken. Names of things are
those of AWS's documentation.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Fault(NamedTuple):
    """`detail` says what is wrong, `repair` what to do about it; '' when nothing is."""

    detail: str
    repair: str


SOUND = Fault("", "")
HOPS = (
    "security group",
    "network ACL",
    "route table",
    "NAT gateway",
    "NAT gateway's network ACL",
    "NAT gateway's route table",
    "internet gateway",
    "address",
    "DNS",
)
"""The way of a packet, in its order."""
FUNCTION_HOPS = ("role", "function")
"""What the function itself needs, besides the way."""


@dataclass(frozen=True)
class Hop:
    """One thing that a packet passes. `note` is worth knowing, although nothing is broken."""

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
    """The hops up to and including the first broken one; the address when none is."""

    hops: tuple[Hop, ...]
    source_address: str | None = None

    @property
    def broken(self) -> Hop | None:
        return next((hop for hop in self.hops if not hop.ok), None)
