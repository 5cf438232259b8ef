"""What a schema asks for, in words; and what the formats take."""

from typing import Any

import pytest

from webapp.services.functions.catalogue.rules import (
    NO_SUCH_FIELD,
    REQUIRED,
    for_browsers,
    problems,
    rule,
)


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "Enter a whole number from 1 to 9."),
        ({"type": "integer", "minimum": 1}, "Enter a whole number of at least 1."),
        ({"type": "number", "maximum": 0.5}, "Enter a number of at most 0.5."),
        ({"type": "number"}, "Enter a number."),
        ({"type": "boolean"}, "Choose yes or no."),
        ({"type": "string"}, "Enter a text."),
        ({"type": "string", "minLength": 2, "maxLength": 9}, "Enter 2 to 9 characters."),
        ({"type": "string", "maxLength": 9}, "Enter at most 9 characters."),
        ({"type": "string", "minLength": 2}, "Enter at least 2 characters."),
        (
            {"type": "string", "pattern": "^a+$", "examples": ["aaa"], "maxLength": 9},
            "Enter a text that matches ^a+$ such as aaa, at most 9 characters long.",
        ),
        ({"type": "string", "format": "hostname"}, "Enter a host name such as api.example.com."),
        ({"type": "string", "enum": ["a"]}, "Choose one from the list."),
        ({"type": "array"}, "Enter a list of entries."),
        ({"type": "array", "minItems": 1}, "Enter at least 1 entry."),
        (
            {"type": "array", "maxItems": 3, "uniqueItems": True},
            "Enter at most 3 different entries.",
        ),
        ({"type": "array", "minItems": 1, "maxItems": 3}, "Enter 1 to 3 entries."),
        (
            {"type": "array", "minItems": 1, "items": {"enum": [1]}},
            "Choose at least 1 from the list.",
        ),
        ({"type": "object"}, "Fill in its fields."),
    ],
)
def test_a_rule_is_said_in_plain_words(schema: dict[str, Any], sentence: str) -> None:
    assert rule(schema) == sentence


def test_each_problem_has_the_path_of_its_field() -> None:
    schema = {
        "type": "object",
        "required": ["a", "b"],
        "additionalProperties": False,
        "properties": {
            "a": {"type": "integer"},
            "b": {"type": "string"},
            "c": {"type": "array", "items": {"type": "object", "required": ["d"]}},
        },
    }
    assert problems(schema, {"a": "x", "c": [{"d": 1}, {}], "e": 1}) == {
        "a": "Enter a whole number.",
        "b": REQUIRED,
        "c.1.d": REQUIRED,
        "e": NO_SUCH_FIELD,
    }


@pytest.mark.parametrize("text", ["\ud800", "a\0", "\x1b[1m", "\x7f"])
def test_what_no_page_can_show_is_refused_wherever_it_is(text: str) -> None:
    told = "Remove the characters that cannot be shown."
    assert problems({"type": "string"}, text) == {"": told}
    assert problems({"type": "object"}, {"a": [{"b": text}]}) == {"a.0.b": told}
    assert problems({"type": "string"}, "ü\n\t€") == {}
    closed: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    assert problems(closed, {"\ud800": 1}) == {"?": NO_SUCH_FIELD}


@pytest.mark.parametrize(
    ("pattern", "in_browsers"),
    [
        ("^[a-z]+$", "[a-z]+"),
        ("^[a-z_.-]{2,}$", r"[a-z_.\-]{2,}"),
        ("^[-a]$", r"[\-a]"),
        ("^[^(/)]+|[{}]$", r"[^\(\/\)]+|[\{\}]"),
        (r"^[a\-b\]]\[x-$", r"[a\-b\]]\[x-"),
    ],
)
def test_a_pattern_is_written_as_browsers_want_it(pattern: str, in_browsers: str) -> None:
    assert for_browsers(pattern) == in_browsers


@pytest.mark.parametrize(
    ("format", "fits", "does_not"),
    [
        (
            "hostname",
            ["a.example.com", "A.example"],
            ["localhost", "10.0.0.1", "a b", "x.internal"],
        ),
        (
            "uri",
            ["https://a.example", "https://a.example:443/x?y=1"],
            [
                "http://a.example",
                "https://a.example:8443",
                "https://u:p@a.example",
                "https://169.254.169.254/",
                "https://a.example/{id}",
                "https://a.example/#x",
                "https://a.example/ x",
                "https://[::1]/",
                "https://a.example:x",
                "https://a.example:0/",
                "https://a.example/v1/../x",
                "https://xn--/",
                "https://a.example./",
                "https://a.internal/",
                "https://sts.amazonaws.com/",
                "https://secretsmanager.eu-central-1.amazonaws.com/",
                "https://127.0.0x1/",
                "a.example",
            ],
        ),
        (
            "uri-template",
            ["https://a.example/{id}?q={q}"],
            ["https://{host}.example/", "http://a.b"],
        ),
        ("regex", ["^[0-9]+$"], ["[", "a{9999999999}", "(" * 9999]),
    ],
)
def test_formats_take_what_a_function_can_use(
    format: str, fits: list[str], does_not: list[str]
) -> None:
    schema = {"type": "string", "format": format}
    assert not [text for text in fits if problems(schema, text)]
    assert not [text for text in does_not if not problems(schema, text)]
    assert problems(schema, 1) == {"": rule(schema)}
