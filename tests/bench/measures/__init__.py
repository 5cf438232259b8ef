"""The measures, by name: each takes the world, and gives figures by the names of their goals.

None is a figure that could not be measured; a note then says why.
"""

from collections.abc import Callable

from tests.bench.measures import (
    accounts,
    building,
    busy,
    growth,
    handlers,
    hot,
    load,
    pages,
    peers,
    refreshes,
    starting,
    watchers,
)
from tests.bench.world import World

Figures = dict[str, float | None]

MEASURES: dict[str, Callable[[World], Figures]] = {
    "hot": hot.measure,
    "pages": pages.measure,
    "growth": growth.measure,
    "peers": peers.measure,
    "watchers": watchers.measure,
    "load": load.measure,
    "start": starting.measure,
    "idle": starting.idle,
    "provisioning": building.provisioning,
    "refreshes": refreshes.measure,
    "busy": busy.measure,
    "twenty": building.twenty,
    "handlers": handlers.measure,
    "accounts": accounts.measure,
}
