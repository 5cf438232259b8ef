"""Forms: read whole, so that a bad one can be shown again as it was filled in."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from webapp.errors import EgretError, Invalid

FIELDS_MAX = 100


class SentForm:
    """The text fields of a form; a field that was not sent is ''."""

    def __init__(self, data: FormData) -> None:
        self._data = data

    def text(self, name: str, default: str = "") -> str:
        value = self._data.get(name, default)
        return value if isinstance(value, str) else default

    def texts(self, name: str) -> list[str]:
        return [value for value in self._data.getlist(name) if isinstance(value, str) and value]

    def number(self, name: str) -> int:
        try:
            return int(self.text(name))
        except ValueError:
            raise Invalid("Write a whole number.", field=name) from None

    def group(self, prefix: str) -> dict[str, str]:
        """The fields `prefix.x` as `{x: text}`."""
        start = f"{prefix}."
        names = [name for name in self._data if name.startswith(start)]
        return {name.removeprefix(start): self.text(name) for name in names}

    def filled_in(self, blank: Mapping[str, object]) -> dict[str, object]:
        """`blank`, the form as it is at first, with what was sent; no other field, no secret."""
        return {name: self.text(name) if name in self._data else blank[name] for name in blank}


async def read_form(request: Request) -> SentForm:
    return SentForm(await request.form(max_files=0, max_fields=FIELDS_MAX))


Form = Annotated[SentForm, Depends(read_form)]


def errors_of(error: EgretError) -> dict[str, str]:
    """Messages by field; one that belongs to no field stands under ''."""
    if error.errors:
        return error.errors
    return {"": f"{error.detail} {error.remedy}".strip()}
