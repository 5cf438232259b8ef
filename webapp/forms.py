"""Forms are read whole, so that an invalid one can be shown again with what was typed."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from webapp.errors import EgretError, Invalid

FIELDS_MAX = 100


class SubmittedForm:
    """The text fields of a form; a missing field is ''."""

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
            raise Invalid("Enter a whole number.", field=name) from None

    def group(self, prefix: str) -> dict[str, str]:
        """The fields `prefix.x` as `{x: text}`."""
        dotted = f"{prefix}."
        names = [name for name in self._data if name.startswith(dotted)]
        return {name.removeprefix(dotted): self.text(name) for name in names}

    def filled_in(self, blank: Mapping[str, object]) -> dict[str, object]:
        """The fields of `blank` with what was submitted. Leave secrets out of `blank`."""
        return {name: self.text(name) if name in self._data else blank[name] for name in blank}


async def read_form(request: Request) -> SubmittedForm:
    return SubmittedForm(await request.form(max_files=0, max_fields=FIELDS_MAX))


Form = Annotated[SubmittedForm, Depends(read_form)]


def errors_by_field(error: EgretError) -> dict[str, str]:
    """The messages by field; one without a field is under ''."""
    if error.errors:
        return error.errors
    return {"": f"{error.detail} {error.remedy}".strip()}
