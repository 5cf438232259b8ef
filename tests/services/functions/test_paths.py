"""Stages and paths that API Gateway takes, and the reason for those that it does not."""

import pytest

from webapp.errors import Invalid
from webapp.services.functions.paths import PATH_MAX_PARTS, check_stage, normalised_path


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("", ""),
        ("/", ""),
        ("top10ClashOfClans", "top10ClashOfClans"),
        (" /v1.2/top_10/x-y/ ", "v1.2/top_10/x-y"),
        ("clans/ping", "clans/ping"),
    ],
)
def test_a_path_has_several_parts_and_no_slash_around_it(path: str, kept: str) -> None:
    assert normalised_path(path) == kept


@pytest.mark.parametrize(
    "path",
    [
        "a//b",
        "a/{id}",
        "{proxy+}",
        "a b",
        "ü",
        "a/../b",
        ".",
        "a?b",
        "a%2Fb",
        "ping",
        "sping/a",
    ],
)
def test_a_path_that_api_gateway_does_not_take_is_refused(path: str) -> None:
    with pytest.raises(Invalid) as refused:
        normalised_path(path)
    assert "path" in refused.value.errors


def test_a_path_has_a_longest_one() -> None:
    assert normalised_path("/".join("a" * PATH_MAX_PARTS))
    for path in ("/".join("a" * (PATH_MAX_PARTS + 1)), "a" * 256):
        with pytest.raises(Invalid, match="at most"):
            normalised_path(path)


@pytest.mark.parametrize("stage", ["prod", "v1_2-x", "A"])
def test_a_stage_is_a_word(stage: str) -> None:
    assert check_stage(stage) == stage


@pytest.mark.parametrize("stage", ["", "a b", "a/b", "$default", "a.b", "x" * 129])
def test_a_stage_that_api_gateway_does_not_take_is_refused(stage: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_stage(stage)
    assert "stage" in refused.value.errors
