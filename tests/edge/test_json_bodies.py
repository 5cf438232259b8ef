"""JSON that programs may read differently, or that nothing can store, is refused in plain words."""

import json

import pytest

from webapp.edge.json_bodies import DEPTH_MAX, VALUES_MAX, read_json
from webapp.errors import Invalid


def test_json_is_read_as_it_is() -> None:
    sent = {"a": [1, -2.5, True, None, "é\n\u0000"], "b": {"c": {}}, "n": 2**63 - 1}
    assert read_json(json.dumps(sent).encode()) == sent
    assert read_json(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"a": 1e400}', "too large"),
        (b'{"a": -1e400}', "too large"),
        (b'{"a": 9223372036854775808}', "too large"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "too large"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": "\xff"}', "not in UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "not in UTF-8"),
        (b"[" * (DEPTH_MAX + 1) + b"1" + b"]" * (DEPTH_MAX + 1), "nested too deeply"),
        (b"[" * 15_000 + b"]" * 15_000, "nested too deeply"),
        (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, "nested too deeply"),
        (b"[" + b"1," * VALUES_MAX + b"1]", "more than"),
    ],
    ids=str.split("inf -inf big huge nan -inf bytes surrogate deep deeper objects many"),
)
def test_what_breaks_a_rule_is_refused(body: bytes, told: str) -> None:
    with pytest.raises(Invalid, match=told) as refused:
        read_json(body)
    assert refused.value.code == "bad_json"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"a": 1, "b": 2, "a": 1}', "a"),
        (b'{"x": [{"a": 1, "a": 2}]}', "a"),
        (b'{"a": {"b": [0, "\\ud800"]}}', "a.b.1"),
        (b'{"a": {"\\udfff": 1}}', "a"),
        (b"{" + b"".join(b'"%d": 1,' % n for n in range(9000)) + b'"8999": 1}', "8999"),
        (b'{"' + b"x" * 999 + b'": "\\udc00"}', "x" * 40),
    ],
)
def test_the_field_is_named(body: bytes, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_json(body)
    assert [*refused.value.errors] == [field]


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "\U0001f600"


@pytest.mark.parametrize("body", [b"", b"{", b"nothing", b'{"a": 01}', b"\x00"])
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(body)


def test_what_is_in_a_text_is_no_value() -> None:
    sent = [",:[{" * VALUES_MAX, '\\"' * VALUES_MAX]
    assert read_json(json.dumps(sent).encode()) == sent


@pytest.mark.parametrize("wide", [b"0,", b"[],", b'"\\"",', b'{"a":1},', b"["])
def test_too_many_values_are_refused_unread(wide: bytes) -> None:
    """Reading these would end in another error: they are no JSON."""
    with pytest.raises(Invalid, match="more than"):
        read_json(b"[" + wide * VALUES_MAX)


@pytest.mark.parametrize("end", [b"", b"\\", b'\\"'])
def test_a_text_without_an_end_hides_no_value(end: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(b'"' + b"[," * VALUES_MAX + end)
