"""The rules' own form; what they recognise is tested with `reading`."""

import pytest

from webapp.aws.answers.kinds import Kind
from webapp.aws.answers.resource_rules import LAST, UNUSABLE
from webapp.aws.answers.rules import FIRST, STATED, Rule

RULES = [*FIRST, *STATED, *LAST, *UNUSABLE]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.pattern[:30])
def test_each_rule_says_what_to_do(rule: Rule) -> None:
    assert rule.step.endswith((".", "…"))
    assert rule.kind is not Kind.UNKNOWN


def test_what_a_pattern_names_is_put_into_the_advice() -> None:
    rule = Rule(Kind.DEPENDENCY, r"(?P<a>\w+) holds|(?P<b>\w+) uses", "{a}{b} has {id}.", "Ask.")
    answer = rule.answer("It holds vpc-0a1")
    assert answer is not None
    assert (answer.cause, answer.step) == ("It has vpc-0a1.", "Ask.")
    assert rule.answer("nothing") is None
