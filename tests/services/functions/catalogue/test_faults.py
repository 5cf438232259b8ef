"""What a setting may be described with: a subset of JSON Schema that a form can show."""

from typing import Any

import pytest

from webapp.services.functions.catalogue.faults import (
    Faulty,
    check_description,
    check_settings,
    faulty,
    within,
)


@pytest.mark.parametrize(
    ("schema", "path", "why"),
    [
        ({}, "type", "not one of string, integer"),
        ("text", "type", "not one of string, integer"),
        ({"type": "null"}, "type", "not one of"),
        ({"type": "integer", "pattern": "^a$"}, "pattern", "type integer has no such keyword"),
        ({"type": "string", "anyOf": []}, "anyOf", "no such keyword"),
        ({"type": "integer", "minimum": "1"}, "minimum", "not what JSON Schema asks for"),
        ({"type": "string", "enum": "a"}, "enum", "not what JSON Schema asks for"),
        ({"type": "string", "pattern": "a+"}, "pattern", "a part of the text"),
        ({"type": "string", "pattern": "^[$"}, "pattern", "not what JSON Schema asks for"),
        ({"type": "string", "pattern": "^a{9999999999}$"}, "pattern", "too large for a pattern"),
        ({"type": "string", "pattern": f"^{'(' * 9999}$"}, "pattern", "too large for a pattern"),
        ({"type": "string", "oneOf": [{"pattern": "^a$"}]}, "oneOf", "has a value and a label"),
        ({"type": "string", "oneOf": [True]}, "oneOf", "has a value and a label"),
        ({"type": "string", "format": "email"}, "format", "othing checks this format"),
        (
            {"type": "integer", "maximum": 5, "default": 6},
            "default",
            "breaks the setting",
        ),
        ({"type": "array"}, "items.type", "not one of string, object"),
        ({"type": "array", "items": {"type": "array"}}, "items.type", "not one of string, object"),
        ({"type": "object"}, "properties", "nothing to fill in"),
        ({"type": "object", "properties": {"a.b": {}}}, "properties.a.b", "Fields of a form"),
        ({"type": "object", "properties": {"": {}}}, "properties.", "Fields of a form"),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]},
            "required",
            "names b",
        ),
        (
            {
                "type": "array",
                "maxItems": 11,
                "items": {"type": "object", "properties": {"a": {"type": "string"}}},
            },
            "maxItems",
            "10 rows at most",
        ),
        (
            {"type": "object", "properties": {"a": {"type": "object"}}},
            "properties.a.type",
            "not one of string, integer, number, boolean",
        ),
    ],
)
def test_what_is_outside_the_subset_is_refused_with_its_place(
    schema: Any, path: str, why: str
) -> None:
    with pytest.raises(Faulty) as error:
        check_settings({"x": schema})
    fault = error.value.fault
    assert fault.what == f"settings.properties.x.{path} cannot be used."
    assert why in fault.why
    assert fault.code == "bad_schema"


@pytest.mark.parametrize(
    "choices",
    [
        {"enum": [1]},
        {"oneOf": [{"const": 1, "title": "One"}]},
        {"oneOf": [{"const": "1", "title": "One"}, {"const": "1", "title": "Uno"}]},
    ],
)
def test_a_choice_that_could_never_be_made_is_a_fault(choices: dict[str, Any]) -> None:
    with pytest.raises(Faulty, match="A choice is"):
        check_settings({"x": {"type": "string"} | choices})


def test_required_may_name_only_settings() -> None:
    with pytest.raises(Faulty, match="names y, which is not a setting"):
        check_settings({"x": {"type": "string"}}, ["y"])


def test_an_empty_description_lacks_its_first_key() -> None:
    with pytest.raises(Faulty, match="name is missing"):
        check_description({})


def test_a_fault_names_its_folder() -> None:
    fault = within(faulty("code", "What.", "Why.", "Do.", file="handler.py", line=3), "items")
    assert (fault.folder, fault.file, fault.line) == ("items", "handler.py", 3)
