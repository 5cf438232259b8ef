"""Addresses: what can be asked and done. `pool`, `adoption` and `orphans` are modules."""

from webapp.services.addresses.details import AddressDetail, detail, get, list_all
from webapp.services.addresses.lifecycle import create, recover, release, rename
from webapp.services.addresses.pool import free, of_network

__all__ = [
    "AddressDetail",
    "create",
    "detail",
    "free",
    "get",
    "list_all",
    "of_network",
    "recover",
    "release",
    "rename",
]
