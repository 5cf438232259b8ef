"""Patterns that may judge what callers send, and settings that fit together."""

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.partners.parameter_rules import PATTERN_MAX_CHARS, VALUE_MAX_CHARS, problems, why_unsafe

SLOW_S = 2.0
RELAY = {"url": "https://a.example/v1", "parameters": None, "check_path": "/x"}
URL = "https://api.partner.example/v1/{account}?date={date}"


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9]{4,10}",
        "^[A-Z]{2}[0-9]{2}$",
        r"\d{4}-\d{2}-\d{2}",
        "(EUR|USD|GBP)",
        "[^@]+@[^@]+",
        "/payments(/[0-9a-f]{8})?",
        r"/v1\.0/.+",
        "yes|no",
        "[A-Za-z0-9_=-]{1,500}",
        "",
    ],
)
def test_patterns_as_people_write_them_are_taken(pattern: str) -> None:
    assert why_unsafe(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|a)*",
        "(a|aa){9}",
        "((a))",
        "(a",
        "a)",
        "a**",
        "a+?",
        "(?=a)",
        r"(a)\1",
        "(?i)a",
        r"\Aa",
        "a^b",
        "[z-a]",
        "[a--b]",
        "[[a]",
        ".*.*.*",
        "(a|a)" * 30,
        "a" * (PATTERN_MAX_CHARS + 1),
    ],
)
def test_a_pattern_that_may_take_long_or_is_none_is_refused(pattern: str) -> None:
    assert why_unsafe(pattern).endswith(".")


@given(st.text("ab.*+?{}(),1|[]^$\\\\d-", max_size=24))
def test_what_is_taken_is_a_pattern_and_is_judged_quickly(pattern: str) -> None:
    if why_unsafe(pattern) == "":
        compiled, began = re.compile(pattern, re.ASCII), time.perf_counter()
        compiled.fullmatch("a" * (VALUE_MAX_CHARS - 1) + "!")
        assert time.perf_counter() - began < SLOW_S


def row(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "pattern": "[0-9]+"} | fields


@pytest.mark.parametrize(
    ("url", "rows", "field"),
    [
        (URL, [row("account", default="1")], "url"),
        (URL, [row("account", default="1"), row("date"), row("more")], "parameters.2.name"),
        (URL, [row("account"), row("date")], "parameters.0.default"),
        (URL, [row("account", required=True), row("date")], "parameters.0.default"),
        (URL, [row("account", default="x"), row("date")], "parameters.0.default"),
        (URL, [row("account", default="1"), row("date", pattern="(")], "parameters.1.pattern"),
        (URL, [row("date", default="1"), row("date")], "parameters.1.name"),
        ("https://a.example/?{x}=1", [row("x")], "url"),
        ("https://a.example/{x", [], "url"),
        ("https://a.example/{{x}}", [row("x")], "url"),
    ],
)
def test_each_misfit_is_reported_at_its_field(url: str, rows: list[Any], field: str) -> None:
    found = problems({"url": url, "parameters": rows})
    assert list(found) == [field]
    assert found[field].endswith(".")


def test_what_fits_together_has_no_problem() -> None:
    rows = [row("account", default="1", required=True), row("date")]
    assert problems({"url": URL, "parameters": rows}) == {}
    assert problems({"url": "https://a.example/", "parameters": None}) == {}


def test_paths_of_a_relay_are_patterns_and_settings_of_others_are_left_alone() -> None:
    assert problems(RELAY | {"paths": ["/a", "(a+)+"]}).keys() == {"paths"}
    assert problems(RELAY | {"url": "https://a.example/v1?a=b"}).keys() == {"url"}
    assert problems(RELAY | {"paths": ["(a+)+"], "parameters": ["anything"]}) == {}
    assert problems({"url": URL}) == problems({"url": 1, "parameters": None}) == {}


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "x-api-key", "COOKIE", "X-Amz-Date", "Host", "Forwarded", "X-Real-IP"),
        *("X-Original-URL", "X-Rewrite-Url", "X-HTTP-Method-Override", "X-Forwarded-Host"),
    ],
)
def test_credentials_or_another_path_cannot_be_put_on_the_list_of_headers(
    name: str,
) -> None:
    found = problems(RELAY | {"headers": ["Content-Type", name]})
    assert found == {"headers": f"{name} is never passed on. Remove that line."}
