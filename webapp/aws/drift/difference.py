"""One thing in a network that is not as it was made."""

from collections.abc import Callable
from dataclasses import dataclass, field

NONE = "none"
"""How a report says that something is absent."""

DONE_ALREADY = frozenset(
    {
        "InvalidNetworkAclEntry.NotFound",
        "InvalidPermission.Duplicate",
        "InvalidPermission.NotFound",
        "NetworkAclEntryAlreadyExists",
        "RouteAlreadyExists",
    }
)
"""EC2's codes for what was put back already: by a person, or by another request to restore."""


@dataclass(frozen=True)
class Difference:
    """`restore` puts it back as it was; where it is None, `by_hand` says what to do."""

    what: str
    resource_id: str
    expected: str
    actual: str
    by_hand: str = ""
    restore: Callable[[], object] | None = field(default=None, repr=False, compare=False)
