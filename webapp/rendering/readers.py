"""Whom pages are for."""

from typing import NamedTuple

from webapp.models import Role


class Reader(NamedTuple):
    """Whom a part of a page is for, where it is kept for all who have these in common."""

    role: Role
    name: str = ""
