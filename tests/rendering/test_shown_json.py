"""Answers of partners and functions are readable, and never larger than what is shown."""

import tracemalloc

import pytest

from webapp.rendering.shown_json import shown_json

MAX = 1000


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"a":[1,"\xc3\xa9"]}', '{\n  "a": [\n    1,\n    "é"\n  ]\n}'),
        (b'"\\ud800"', '"?"'),
        (b"<p>no JSON</p>", "<p>no JSON</p>"),
        (b"\xff", "\ufffd"),
        (b"", ""),
        (b"[" * 100_000, "[" * MAX + "\n… See there."),
        (b"[" + b"1," * MAX + b"1]", ("[\n" + "  1,\n" * MAX)[:MAX] + "\n… See there."),
    ],
    ids=["json", "surrogate", "html", "bytes", "empty", "deep", "long"],
)
def test_json_has_indents_and_what_is_too_long_is_cut(body: bytes, text: str) -> None:
    assert shown_json(body, MAX, "See there.") == text


def test_many_values_at_a_great_depth_cost_no_more_than_what_is_shown_of_them() -> None:
    body = b"[" * 200 + b"0," * 20_000 + b"0" + b"]" * 200
    tracemalloc.start()
    shown_json(body, MAX, "")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * len(body), "with all of its indents it has 8 MB"
