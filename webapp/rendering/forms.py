"""Forms: read whole, so that a bad one comes back as it was filled in, with its errors."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, TypeVar, get_origin

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from starlette.datastructures import FormData, ImmutableMultiDict

from webapp.errors import EgretError, Invalid
from webapp.models import Input
from webapp.models.texts import check_block

FIELDS_MAX = 100
ERRORS_MAX = 50
"""As many fields are told about; the rest are found once those are right."""
SHOWN_NAME_MAX_CHARS = 60
Model = TypeVar("Model", bound=Input)
MESSAGES = {
    "missing": "This field is required.",
    "int_parsing": "Enter a whole number.",
    "int_parsing_size": "This number is too large.",
    "int_type": "This must be a whole number.",
    "int_from_float": "This must be a whole number.",
    "float_parsing": "Enter a number.",
    "float_type": "This must be a number.",
    "finite_number": "This must be a number.",
    "bool_parsing": "Choose yes or no.",
    "bool_type": "This must be true or false.",
    "string_type": "This must be a text.",
    "string_unicode": "Remove the characters that cannot be shown.",
    "list_type": "This must be a list.",
    "tuple_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "extra_forbidden": "There is no such field.",
}
"""Our words for the kinds of errors that pydantic finds in what people type."""
OF_A_LIMIT = {
    "string_too_long": "At most {max_length} characters.",
    "too_long": "At most {max_length} values.",
    "less_than_equal": "At most {le}.",
    "greater_than_equal": "At least {ge}.",
}
OF_PYDANTIC = re.compile(r"bool|\[key\]|(?:function-after|list|constrained)[\[-].*")
"""Parts of a path that name no field, but one of several types that it may have."""
OF_A_RULE = "Value error, "
"""How pydantic begins the message of a rule of our own."""


class SubmittedForm:
    """The text fields of a form, or of an address that fills one in; a missing field is ''."""

    def __init__(self, data: ImmutableMultiDict[str, Any]) -> None:
        self._data = data

    @classmethod
    def empty(cls) -> "SubmittedForm":
        return cls(ImmutableMultiDict())

    def text(self, name: str, default: str = "") -> str:
        value = self._data.get(name, default)
        return value if isinstance(value, str) else default

    def texts(self, name: str) -> list[str]:
        return [value for value in self._data.getlist(name) if isinstance(value, str) and value]

    def every_text(self) -> list[tuple[str, str]]:
        """All fields in their order, to send them once more."""
        return [(name, text) for name, text in self._data.multi_items() if isinstance(text, str)]

    def build(self, model: type[Model]) -> Model:
        """The input that the fields make. Raises Invalid with every field's error.

        A list is sent as several fields, or as one text separated by commas or blanks; `x.y` is
        the entry `y` of the mapping `x`, which may also be one text that the model reads. A field
        left empty has its default.
        """
        values: dict[str, Any] = {}
        for name, field in model.model_fields.items():
            value = self._value(name, field)
            if value or field.is_required():
                values[name] = value
        return validated(model, values)

    def shown(self, *names: str) -> dict[str, str]:
        """These fields, to show a form again that is not an Input."""
        return {name: self.text(name) for name in names}

    def filled_in(self, model: type[Input], **defaults: Any) -> dict[str, Any]:
        """What was sent for the model's fields, to show the form again; never a secret."""
        shown = blank(model, **defaults)
        for name, field in shown_fields(model).items():
            if get_origin(field.annotation) is dict:
                shown |= {f"{name}.{key}": text for key, text in self._group(name).items()}
                shown |= {name: self.text(name)} if name in self._data else {}
            elif get_origin(field.annotation) is list and name in self._data:
                shown[name] = self.texts(name)
            elif name in self._data:
                shown[name] = self.text(name)
        return shown

    def _value(self, name: str, field: FieldInfo) -> Any:
        kind = get_origin(field.annotation)
        if kind is dict:
            return self._group(name) or self.text(name).strip()
        if kind is list:
            return [item for text in self.texts(name) for item in text.replace(",", " ").split()]
        return self.text(name).strip()

    def _group(self, prefix: str) -> dict[str, str]:
        """The fields `prefix.x` as `{x: text}`."""
        dotted = f"{prefix}."
        names = [name for name in self._data if name.startswith(dotted)]
        return {name.removeprefix(dotted): self.text(name) for name in names}


async def read_form(request: Request) -> SubmittedForm:
    """Raises Invalid for characters that nobody types, such as NUL, in any field."""
    data = await read_data(request)
    for name, text in data.multi_items():
        try:
            check_block(f"{name}{text}")
        except ValueError as error:
            raise Invalid("Some fields are not valid.", errors={_shown(name): str(error)}) from None
    return SubmittedForm(data)


async def read_data(request: Request) -> FormData:
    data = await request.form(max_files=0, max_fields=FIELDS_MAX)
    request.state.form = data
    return data


Form = Annotated[SubmittedForm, Depends(read_form)]


def validated(model: type[Model], values: dict[str, Any]) -> Model:
    """The typed input of a form, which has texts only. Raises Invalid with every field's error."""
    try:
        return model.model_validate(values, strict=False)
    except ValidationError as error:
        raise invalid_fields(error.errors()) from None


def blank(model: type[Input], **values: Any) -> dict[str, Any]:
    """The form before anything is typed: the model's defaults, as text, or `values`."""
    shown: dict[str, Any] = {}
    for name, field in shown_fields(model).items():
        default = "" if field.is_required() else field.get_default(call_default_factory=True)
        shown[name] = str(default) if isinstance(default, Enum | int) else default
    return shown | values


def shown_fields(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """All but the secrets, which are marked `repr=False`."""
    return {name: field for name, field in model.model_fields.items() if field.repr}


def invalid_fields(errors: Sequence[Any], *, within: int = 0) -> Invalid:
    """A message per field, from what pydantic found; `within` parts of each path are left out."""
    found = {_field(e["loc"][within:]): _message(e) for e in errors[:ERRORS_MAX]}
    return Invalid("Some fields are not valid.", errors=found)


class FieldErrors(dict[str, str]):
    """Messages by field, and the code of the error that they are from."""

    def __init__(self, messages: Mapping[str, str], code: str) -> None:
        super().__init__(messages)
        self.code = code


def errors_by_field(error: EgretError) -> FieldErrors:
    """Messages by field; one that belongs to no field has the key ''."""
    messages = error.errors or {"": f"{error.detail} {error.remedy}".strip()}
    return FieldErrors(messages, error.code)


def _field(path: Sequence[Any]) -> str:
    return ".".join(_shown(part) for part in path if not OF_PYDANTIC.fullmatch(str(part)))


def _shown(part: Any) -> str:
    """A part of a field's path, which whoever sends it may choose."""
    return str(part)[:SHOWN_NAME_MAX_CHARS]


def _message(error: Any) -> str:
    if error["type"] in ("enum", "literal_error"):
        return f"Choose one of: {error['ctx']['expected']}."
    if error["type"] in OF_A_LIMIT:
        return OF_A_LIMIT[error["type"]].format(**error["ctx"])
    return MESSAGES.get(error["type"]) or str(error["msg"]).removeprefix(OF_A_RULE)
