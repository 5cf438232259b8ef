"""Forms: what is typed becomes a typed input, or comes back as it was with an error per field."""

from enum import StrEnum
from typing import Any

import pytest
from pydantic import Field
from starlette.datastructures import FormData, UploadFile

from webapp.errors import Conflict, Invalid
from webapp.models import Input, NewFunction, NewKey, NewNetwork, NewSchedule
from webapp.rendering.forms import (
    SubmittedForm,
    blank,
    errors_by_field,
    invalid_fields,
    shown_fields,
    validated,
)


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Order(Input):
    name: str
    count: int = 1
    size: Size = Size.SMALL
    tags: list[str] = Field(default_factory=list)
    settings: dict[str, Any] = Field(default_factory=dict)
    secret: str = Field("", repr=False)


def sent(*fields: tuple[str, str]) -> SubmittedForm:
    pairs: list[tuple[str, str | UploadFile]] = list(fields)
    return SubmittedForm(FormData(pairs))


def test_texts_become_the_types_of_the_input() -> None:
    order = sent(("name", " lamp "), ("count", "3"), ("size", "large")).build(Order)
    assert (order.name, order.count, order.size) == ("lamp", 3, Size.LARGE)


def test_a_field_left_empty_or_not_sent_has_its_default() -> None:
    order = sent(("name", "lamp"), ("count", ""), ("tags", "")).build(Order)
    assert order == Order(name="lamp")


@pytest.mark.parametrize(
    "fields",
    [
        [("tags", "a"), ("tags", "b"), ("tags", "c")],
        [("tags", "a, b,c")],
        [("tags", "a b\nc")],
        [("tags", "a"), ("tags", ""), ("tags", "b c")],
    ],
)
def test_a_list_is_several_fields_or_one_text(fields: list[tuple[str, str]]) -> None:
    assert sent(("name", "lamp"), *fields).build(Order).tags == ["a", "b", "c"]


def test_fields_with_a_dot_are_entries_of_a_mapping() -> None:
    form = sent(("name", "lamp"), ("settings.limit", "10"), ("settings.location", "1"))
    assert form.build(Order).settings == {"limit": "10", "location": "1"}


# --- What does not fit ------------------------------------------------------------------------


def test_a_mapping_may_be_one_text_that_the_model_reads_and_comes_back_as_it_was() -> None:
    form = sent(("name", "net"), ("region", "eu-west-1"), ("tags", "team=pay\nenv=x"))
    assert form.build(NewNetwork).tags == {"team": "pay", "env": "x"}
    wrong = sent(("name", "net"), ("region", "eu-west-1"), ("tags", "team"))
    with pytest.raises(Invalid) as refused:
        wrong.build(NewNetwork)
    assert refused.value.errors == {"tags": "Write each tag as key=value; 'team' has no =."}
    assert wrong.filled_in(NewNetwork)["tags"] == "team"


def test_every_field_that_does_not_fit_has_its_message() -> None:
    with pytest.raises(Invalid) as refused:
        sent(("count", "three"), ("size", "huge")).build(Order)
    assert refused.value.errors["count"] == "Enter a whole number."
    assert refused.value.errors["size"] == "Choose one of: 'small' or 'large'."
    assert set(refused.value.errors) == {"count", "size"}, "an empty name is for the service"


def test_a_missing_and_an_unknown_field_have_plain_messages() -> None:
    with pytest.raises(Invalid) as refused:
        validated(Order, {"colour": "red"})
    assert refused.value.errors == {
        "name": "This field is required.",
        "colour": "There is no such field.",
    }


def test_a_field_inside_another_has_its_path() -> None:
    with pytest.raises(Invalid) as refused:
        validated(NewSchedule, {"hours": {"time_zone": "UTC", "days": ["someday"], "start": "8"}})
    assert set(refused.value.errors) == {"hours.days.0", "hours.end"}


def test_the_first_parts_of_a_path_can_be_left_out() -> None:
    found = [{"type": "missing", "loc": ("body", "name"), "msg": ""}]
    assert invalid_fields(found, within=1).errors == {"name": "This field is required."}


def test_an_error_that_belongs_to_no_field_is_shown_above_the_form() -> None:
    assert errors_by_field(Conflict("It is in use.", remedy="Wait.")) == {"": "It is in use. Wait."}
    assert errors_by_field(Invalid("Too long.", field="name")) == {"name": "Too long."}


# --- Shown again ------------------------------------------------------------------------------


def test_a_form_comes_back_as_it_was_filled_in() -> None:
    form = sent(("name", "lamp"), ("count", "three"), ("tags", "a"), ("settings.limit", "0"))
    shown = form.filled_in(Order)
    assert (shown["name"], shown["count"], shown["tags"]) == ("lamp", "three", ["a"])
    assert shown["settings.limit"] == "0"


@pytest.mark.parametrize("model", [Order, NewKey])
def test_a_secret_is_never_shown_again(model: type[Input]) -> None:
    form = sent(("name", "bank"), ("secret", "hidden"))
    assert "secret" not in shown_fields(model)
    assert "hidden" not in str(form.filled_in(model))
    assert "secret" not in blank(model)


def test_a_new_form_has_the_defaults_as_texts() -> None:
    shown = blank(NewNetwork, region="eu-west-1")
    assert (shown["name"], shown["availability_zones"], shown["nat"]) == ("", "2", "single")
    assert (shown["region"], shown["addresses"]) == ("eu-west-1", [])
    assert blank(NewFunction)["access"] == "api_key"


def test_some_fields_can_be_shown_again_without_a_model() -> None:
    assert sent(("confirm", "net")).shown("confirm", "more") == {"confirm": "net", "more": ""}
