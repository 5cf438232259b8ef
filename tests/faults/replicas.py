"""How many dashboards share a database while something fails.

SQLite is for one: whoever is killed is started again. On PostgreSQL there are two, all the time:
they take clicks and the steps of the background in turn, so neither may rely on what it remembers;
and what one of them has begun when it is killed, the other one ends.
"""

from collections.abc import Callable
from itertools import cycle

from tests import postgresql

ON_POSTGRESQL = 2


def count() -> int:
    return ON_POSTGRESQL if postgresql.chosen() else 1


def in_turn(*steps: Callable[[], bool]) -> Callable[[], bool]:
    """Each time the next one's."""
    turns = cycle(steps)

    def step() -> bool:
        return next(turns)()

    return step
