"""Settings: texts of forms and JSON become values of their types, and what does not fit is told."""

from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.services.functions.catalogue.folders import ALL_TYPES, DESCRIPTION, write_template
from webapp.services.functions.catalogue.files import files_of
from webapp.services.functions.catalogue.reading import read
from webapp.services.functions.catalogue.settings import (
    Setting,
    checked,
    filled_in,
    flat,
    schema_of,
)

URL = "https://api.example.com/{id}"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Setting, ...]:
    folder = write_template(tmp_path_factory.mktemp("own"), description=DESCRIPTION + ALL_TYPES)
    return read(folder, files_of(folder)).settings


def test_a_form_and_json_make_the_same_values(settings: tuple[Setting, ...]) -> None:
    form = {
        "url": f" {URL} ",
        "limit": "5",
        "share": "0.5",
        "word": "",
        "strict": "false",
        "methods": "",
        "methods.1": "POST",
        "paths": "/a\r\n\r\n/b\r\n",
        "parameters": "",
        "parameters.0.name": "",
        "parameters.0.needed": "false",
        "parameters.1.name": "id",
        "parameters.1.pattern": "",
        "parameters.1.needed": "true",
        "page.size": "20",
    }
    json: dict[str, Any] = {
        "url": URL,
        "limit": 5,
        "share": 0.5,
        "strict": False,
        "methods": ["POST"],
        "paths": ["/a", "/b"],
        "parameters": [{"name": "id", "needed": True}],
        "page": {"size": 20},
    }
    assert checked(settings, form) == checked(settings, json) == (json | {"order": "up"}, {})


def test_values_become_the_fields_of_a_form_and_back(settings: tuple[Setting, ...]) -> None:
    values, _ = checked(
        settings,
        {
            "url": URL,
            "paths": ["/a", "/b"],
            "parameters": [
                {"name": "id", "needed": True},
                {"name": "q", "pattern": "^x$", "needed": False},
            ],
            "page": {"size": 3},
        },
    )
    fields = flat(settings, values)
    assert fields["parameters.1.pattern"] == "^x$"
    assert fields["methods.0"] == "GET"
    assert checked(settings, fields) == (values, {})


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({"url": ""}, {"url": "This field is required."}),
        ({"limit": ""}, {"limit": "This field is required."}),
        ({"limit": "ten"}, {"limit": "Enter a whole number from 1 to 20."}),
        ({"limit": True}, {"limit": "Enter a whole number from 1 to 20."}),
        ({"share": "nan"}, {"share": "Enter a number of at most 1."}),
        ({"strict": "perhaps"}, {"strict": "Choose yes or no."}),
        ({"order": "sideways"}, {"order": "Choose one from the list."}),
        ({"methods": ""}, {"methods": "Choose at least 1 from the list."}),
        ({"methods": ["PUT"]}, {"methods.0": "Choose one from the list."}),
        ({"paths": "/\n\na"}, {"paths": "Line 2: Enter a text that matches ^/[a-z/]*$."}),
        ({"paths": ["a"]}, {"paths.0": "Enter a text that matches ^/[a-z/]*$."}),
        ({"parameters": 3}, {"parameters": "Enter at most 4 entries."}),
        ({"parameters": {"name": "id"}}, {"parameters": "Enter at most 4 entries."}),
        ({"methods": {"1": "\x1f", "x": 1}}, {"methods": "Choose at least 1 from the list."}),
        ({"parameters": {"9" * 5000: {}}}, {"parameters": "Enter at most 4 entries."}),
        ({"parameters": [{"name": "a", "x": 1}]}, {"parameters.0.x": "There is no such field."}),
        ({"page": {"siz": 1}}, {"page.siz": "There is no such field."}),
        (
            {"parameters.0.name": "", "parameters.2.name": "ID"},
            {"parameters.2.name": "Enter a text that matches ^[a-z]+$."},
        ),
        ({"parameters.3.pattern": "["}, {"parameters.3.name": "This field is required."}),
        ({"page.size": "0"}, {"page.size": "Enter a whole number of at least 1."}),
        ({"colour.x": "red"}, {"colour": "There is no such field."}),
        ({"limit.x": "1", "limit": "5"}, {}),
    ],
)
def test_what_does_not_fit_is_reported_at_its_field(
    settings: tuple[Setting, ...], sent: dict[str, Any], errors: dict[str, str]
) -> None:
    _, found = checked(settings, {"url": URL} | sent)
    assert errors.items() <= found.items()
    assert not any("is not of type" in text or "does not match" in text for text in found.values())


NAMES = ("url", "limit", "methods", "parameters", "page", "strict", "0", "1", "name", "size", "x")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map(".".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PATHS, inner, max_size=3),
    max_leaves=6,
)


@hypothesis.settings(max_examples=40, deadline=None)
@given(sent=st.dictionaries(PATHS, JSON, max_size=5))
def test_anything_that_is_sent_fits_or_is_refused_in_plain_words(
    settings: tuple[Setting, ...], sent: dict[str, Any]
) -> None:
    values, errors = checked(settings, sent)
    assert errors or Draft202012Validator(schema_of(settings)).is_valid(values)
    assert all(text.endswith(".") for text in errors.values())
    assert checked(settings, values)[0] == values or errors


def test_a_group_that_is_not_needed_may_be_left_empty_with_what_it_needs() -> None:
    size = {"type": "integer", "minimum": 1}
    schema = {"type": "object", "required": ["size"], "properties": {"size": size}}
    page = Setting("page", schema)
    assert checked((page,), {"page.size": ""}) == ({}, {})
    assert checked((page,), {"page.size": "0"})[1].keys() == {"page.size"}
    assert checked((Setting("page", schema, required=True),), {"page.size": ""})[1]


def test_null_is_the_default(settings: tuple[Setting, ...]) -> None:
    values, errors = checked(settings, {"url": URL, "limit": None})
    assert (values["limit"], errors) == (10, {})


def test_a_form_that_was_sent_keeps_what_was_unchecked(settings: tuple[Setting, ...]) -> None:
    assert filled_in(settings, {})["methods.0"] == "GET"
    fields = filled_in(settings, {"methods": "", "strict": "false", "limit": "x"})
    assert "methods.0" not in fields
    assert (fields["strict"], fields["limit"], fields["order"]) == ("false", "x", "up")


def test_the_schema_is_json_schema_that_others_can_use(settings: tuple[Setting, ...]) -> None:
    schema = schema_of(settings)
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["url", "limit"]
    assert Draft202012Validator(schema).is_valid({"url": URL, "limit": 3})
    assert not Draft202012Validator(schema).is_valid({"url": URL, "limit": 30})


def test_values_of_every_type_are_readable(settings: tuple[Setting, ...]) -> None:
    shown = {setting.name: setting.shown for setting in settings}
    assert shown["strict"](True) == "yes"
    assert shown["methods"](["GET", "POST"]) == "GET, POST"
    assert shown["parameters"]([{"name": "id", "needed": True}, {"name": "q"}]) == (
        "name id, needed yes; name q"
    )
    assert shown["page"]({"size": 3}) == "size 3"
    assert shown["paths"]([]) == shown["share"](None) == "none"


def test_each_type_has_its_control(settings: tuple[Setting, ...]) -> None:
    assert {setting.name: setting.control for setting in settings} == {
        "url": "url",
        "limit": "integer",
        "share": "number",
        "word": "text",
        "host": "text",
        "strict": "boolean",
        "order": "choice",
        "methods": "checks",
        "paths": "lines",
        "parameters": "rows",
        "page": "group",
    }
    by_name = {setting.name: setting for setting in settings}
    assert by_name["word"].html_pattern == r"[a-z\-]+"
    assert by_name["parameters"].rows_max == 4
    assert [part.name for part in by_name["parameters"].parts] == ["name", "pattern", "needed"]
