"""How an answer is put into words."""

import pytest

from webapp.aws.answers import Answer, Kind, Then


def test_the_cause_the_step_and_what_comes_then_are_told_in_this_order() -> None:
    answer = Answer(Kind.QUOTA, "It is full.", "Empty it.")
    assert answer.remedy(Then.CONTINUES) == "It is full. Empty it. Egret retries automatically."
    assert answer.remedy() == "It is full. Empty it."


@pytest.mark.parametrize("then", [Then.TRY_AGAIN, Then.DELETE_AGAIN])
def test_what_failed_does_not_go_on_by_itself(then: Then) -> None:
    assert "does not go on automatically" in Answer(step="Empty it.").remedy(then)


def test_what_is_not_understood_has_no_remedy() -> None:
    assert Answer().remedy(Then.TRY_AGAIN) == ""


def test_a_refusal_is_about_who_asks() -> None:
    assert Answer(Kind.ORGANIZATION).is_refusal
    assert not Answer(Kind.CREDENTIALS).is_refusal
