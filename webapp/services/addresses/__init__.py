"""Addresses: what can be asked and done. `pool`, `adoption` and `orphans` are modules."""

from webapp.services.addresses.details import AddressDetail, count_of, detail, get, page, place_of
from webapp.services.addresses.lifecycle import create, recover, release, rename
from webapp.services.addresses.pool import free, of_network

__all__ = [
    "AddressDetail",
    "count_of",
    "create",
    "detail",
    "free",
    "get",
    "of_network",
    "page",
    "place_of",
    "recover",
    "release",
    "rename",
]
