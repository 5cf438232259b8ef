"""Tags: how people write them, and which AWS would refuse somewhere."""

import pytest

from webapp.models.tags import parse_tags, problem_with_tags

TAGS = {"team": "payments", "cost-center": "4711"}


@pytest.mark.parametrize(
    "text",
    [
        "team=payments\ncost-center=4711",
        " team = payments ,\r\n cost-center=4711,",
        '{"team": "payments", "cost-center": "4711"}',
    ],
)
def test_tags_are_lines_or_json(text: str) -> None:
    assert parse_tags(text) == TAGS


def test_a_whole_number_is_taken_as_its_digits() -> None:
    assert parse_tags('{"cost-center": 4711}') == {"cost-center": "4711"}


def test_a_value_may_have_an_equals_sign() -> None:
    assert parse_tags("query=a=b") == {"query": "a=b"}


@pytest.mark.parametrize(
    "text",
    [
        "team",
        "{team}",
        "team=a,team=b",
        '{"team": "a", "team": "b"}',
        '{"team": null}',
        '{"team": true}',
        '{"team": 1.5}',
        '{"team": {"a": "b"}}',
        '{"team": ["a"]}',
    ],
)
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_tags(text)


@pytest.mark.parametrize(
    ("tags", "word"),
    [
        (TAGS | {"owner": "Zoë Müller", "mail": "a@example.com"}, ""),
        ({"aws:team": "x"}, "reserved"),
        ({"Egret:network": "x"}, "reserved"),
        ({"Name": "x"}, "reserved"),
        ({"team": ""}, "1 to 256"),
        ({"": "x"}, "1 to 128"),
        ({"team": "x" * 257}, "1 to 256"),
        ({"team": "a;b"}, "may have"),
        ({"team": "a\tb"}, "may have"),
        ({"team": "a\nb"}, "may have"),
        ({"te\u0085m": "a"}, "may have"),
        ({"team": "a\u001f"}, "may have"),
        ({"te<m": "x"}, "may have"),
        ({"Team": "a", "team": "b"}, "upper and lower case"),
        ({f"t{n}": "x" for n in range(41)}, "at most 40"),
    ],
)
def test_what_aws_would_refuse_is_refused_with_the_rule(tags: dict[str, str], word: str) -> None:
    found = problem_with_tags(tags)
    assert word in found
    assert bool(found) == bool(word)
