"""The audit trail as JSON Lines, to be kept where nobody who can write the database can write."""

import json
from collections.abc import Iterator

from sqlalchemy import Engine
from sqlmodel import Session

from webapp.services.audit.trail import EVERYTHING, Wanted, list_after

PAGE = 500
"""Events that are read at once. Between two pages no connection of the database is held."""


def lines(engine: Engine, wanted: Wanted = EVERYTHING, *, page: int = PAGE) -> Iterator[str]:
    """The events, oldest first, several lines at a time, each with what is hashed and the hash.

    https://jsonlines.org: UTF-8, one JSON object a line. The text is ASCII.
    """
    last_id: int | None = None
    while True:
        with Session(engine) as session:
            found = list_after(session, last_id, limit=page, wanted=wanted)
            text = "".join(f"{json.dumps(each.line() | {'hash': each.hash})}\n" for each in found)
            last_id = found[-1].id if found else last_id
        if found:
            yield text
        if len(found) < page:
            return
