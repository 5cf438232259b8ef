"""Lists of functions: a page of them, by what is searched for."""

from webapp.services.functions.listing.pages import EVERY, Wanted, count_of, details_page, page
from webapp.services.functions.listing.rows import FunctionRow, ListedFunction

__all__ = [
    "EVERY",
    "FunctionRow",
    "ListedFunction",
    "Wanted",
    "count_of",
    "details_page",
    "page",
]
