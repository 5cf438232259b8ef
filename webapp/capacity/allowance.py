"""How many rows of refused tries a process may write, so that nobody fills the disk with them."""

import time
from collections import Counter

from webapp.edge.client_addresses import subscriber_of
from webapp.scope import Origin

ROWS_A_MINUTE = 600
"""Of one actor, in one process."""
ANONYMOUS_ROWS_A_MINUTE = 60
"""Of all clients together, and one of each client and action."""


class Allowance:
    """Counts the rows of the present minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._taken: Counter[object] = Counter()

    def take(self, actor: str, origin: Origin, action: str) -> bool:
        """Whether one more row may be written; it then counts."""
        if self._minute != (minute := int(time.monotonic() // 60)):
            self._minute, self._taken = minute, Counter()
        limits: dict[object, int] = {actor: ROWS_A_MINUTE}
        if origin.is_anonymous:
            limits[actor] = ANONYMOUS_ROWS_A_MINUTE
            limits[subscriber_of(origin.client_address), action] = 1
        if any(self._taken[what] >= limit for what, limit in limits.items()):
            return False
        self._taken.update(limits.keys())
        return True
