"""Parts of pages that are made once."""

from collections.abc import Callable

import pytest
from markupsafe import Markup

from webapp.rendering.prepared import KEY_CHARS, Prepared


@pytest.fixture
def made() -> list[str]:
    """What was made, in its order."""
    return []


@pytest.fixture
def make(made: list[str]) -> Callable[[str], Callable[[], str]]:
    def of(text: str) -> Callable[[], str]:
        def one() -> str:
            made.append(text)
            return text

        return one

    return of


def test_a_part_is_made_once_for_each_key(
    made: list[str], make: Callable[[str], Callable[[], str]]
) -> None:
    prepared = Prepared()
    assert prepared.get(1, make("<b>")) == Markup("<b>")
    assert prepared.get(1, make("never")) == Markup("<b>")
    assert prepared.get((1, 2), make("<i>")) == Markup("<i>")
    assert made == ["<b>", "<i>"]


def test_the_parts_that_were_used_lately_are_kept_while_there_is_room(
    made: list[str], make: Callable[[str], Callable[[], str]]
) -> None:
    prepared = Prepared(chars_max=4 * (2 + 2 + KEY_CHARS))
    for text in ("aa", "bb", "cc", "aa", "dd", "aa", "bb", "aa"):
        prepared.get(text, make(text))
    assert made == ["aa", "bb", "cc", "dd", "bb"]


def test_what_is_too_large_is_not_kept(
    made: list[str], make: Callable[[str], Callable[[], str]]
) -> None:
    prepared = Prepared(chars_max=2)
    for _ in range(2):
        assert prepared.get("x", make("large")) == "large"
    assert made == ["large", "large"]


def test_what_cannot_be_made_is_tried_again() -> None:
    prepared = Prepared()
    with pytest.raises(ZeroDivisionError):
        prepared.get("x", lambda: str(1 / 0))
    assert prepared.get("x", lambda: "made") == "made"
