"""What the address of a list asks for: its filters, and where its page begins."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from sqlmodel import Session

from webapp.lists.counts import Count
from webapp.lists.keyset import Place
from webapp.rendering.drafts import read_query
from webapp.rendering.forms import SubmittedForm

FILTER_MAX_CHARS = 200
Choice = TypeVar("Choice", bound=StrEnum)


class Asked:
    """The query of a list's address. What is not understood is left out: all rows are shown."""

    def __init__(self, query: SubmittedForm) -> None:
        self._query = query

    @property
    def place(self) -> Place:
        after, before = (self._query.text(name) for name in ("after", "before"))
        return Place(after=after, before=before)

    def text(self, name: str) -> str:
        return self._query.text(name).strip()[:FILTER_MAX_CHARS]

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        text = self.text(name)
        return kind(text) if text in {*kind} else None

    def filters(self, *names: str) -> dict[str, str]:
        """As they were sent, to be kept in the addresses of the other pages."""
        return {name: self.text(name) for name in names}


def counts(
    count_of: Callable[..., Count], session: Session, wanted: object, filters: Mapping[str, str]
) -> tuple[Count, Count]:
    """What the head of a list says: how many there are, and how many of them are asked for."""
    total = count_of(session)
    return total, count_of(session, wanted) if any(filters.values()) else total


NOTHING_ASKED = Asked(SubmittedForm.empty())


async def read_asked(request: Request) -> Asked:
    return Asked(read_query(request))


ListQuery = Annotated[Asked, Depends(read_asked)]
