"""Lists of networks: a page of them, by what is searched for."""

from webapp.services.networks.listing import addresses
from webapp.services.networks.listing.pages import (
    EVERY,
    Wanted,
    count_of,
    details_page,
    offered,
    page,
    under_way,
)
from webapp.services.networks.listing.rows import ListedNetwork, NetworkRow

__all__ = [
    "EVERY",
    "ListedNetwork",
    "NetworkRow",
    "Wanted",
    "addresses",
    "count_of",
    "details_page",
    "offered",
    "page",
    "under_way",
]
