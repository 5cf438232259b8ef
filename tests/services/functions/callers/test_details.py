"""Callers with their usage: ten of them at a time, and a page that does without it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.services.functions.callers.rows import a_caller, add_caller, function_with_endpoint
from tests.services.rows import add
from tests.services.scripted import ScriptedAws
from webapp.errors import NotFound
from webapp.models import Function
from webapp.scope import CloudScope
from webapp.services.functions import callers
from webapp.services.functions.callers.details import LISTED_MAX, USAGE_DAYS


def test_the_usage_of_the_last_days_is_shown_with_todays_at_the_end(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    caller = add_caller(scripted.session)
    function = scripted.session.get_one(Function, caller.function_id)
    counted = [[n, 1000 - n] for n in range(USAGE_DAYS)]
    aws.answers["GetUsage"] = {"items": {"key-web": counted, "key-before": [[1, 0]] * USAGE_DAYS}}
    found = callers.detail(scripted.session, scripted.own, function, "web")
    today = datetime.now(UTC).date()
    assert found.usage == {today - timedelta(USAGE_DAYS - 1 - n): n + 1 for n in range(USAGE_DAYS)}
    assert found.today == USAGE_DAYS
    with pytest.raises(NotFound):
        callers.detail(scripted.session, scripted.own, function, "nobody")


def test_a_page_asks_aws_about_ten_callers_at_most(scripted: CloudScope, aws: ScriptedAws) -> None:
    function = function_with_endpoint(scripted.session)
    names = [f"c-{n:02}" for n in range(LISTED_MAX + 2)]
    add(scripted.session, *(a_caller(function, name) for name in reversed(names)))
    aws.answers["GetUsage"] = {"items": {}}
    first = callers.page(scripted.session, scripted.own, function, limit=200)
    assert [each.caller.name for each in first.callers] == names[:LISTED_MAX]
    assert len(aws.calls("GetUsage")) == LISTED_MAX
    rest = callers.page(scripted.session, scripted.own, function, first.next or "")
    assert ([each.caller.name for each in rest.callers], rest.next) == (names[LISTED_MAX:], None)


def test_callers_are_shown_without_their_usage_when_aws_does_not_answer(
    offline: CloudScope,
) -> None:
    caller = add_caller(offline.session)
    function = offline.session.get_one(Function, caller.function_id)
    (shown,) = callers.page(offline.session, offline.own, function).callers
    assert (shown.caller.name, shown.usage, shown.today) == ("web", None, None)
