"""The measures, by name: each takes the world, and gives figures by the names of their goals.

None is a figure that could not be measured; a note then says why.
"""

from collections.abc import Callable

from tests.bench.measures import accounts, handlers, hot, pages
from tests.bench.world import World

Figures = dict[str, float | None]

MEASURES: dict[str, Callable[[World], Figures]] = {
    "hot": hot.measure,
    "pages": pages.measure,
    "handlers": handlers.measure,
    "accounts": accounts.measure,
}
