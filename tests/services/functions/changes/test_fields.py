"""The fields of a change: all rules at once, and what changes without a deployment."""

from typing import Any

import pytest

from tests.services.rows import a_function, a_key, a_network
from webapp.errors import Invalid
from webapp.models import Function, FunctionChange
from webapp.services.functions.changes import fields

SETTINGS = {"location": "32000006", "limit": 10, "ranking": "clans"}


@pytest.fixture
def function() -> Function:
    return a_function(a_network(), a_key(), settings=SETTINGS, schedule={"every_minutes": 5})


def test_every_field_that_breaks_its_rule_is_reported_at_once(function: Function) -> None:
    wanted: dict[str, Any] = {
        "settings": {"limit": 999},
        "cors_origins": ["nowhere"],
        "environment": "Not one",
        "memory_mb": 64,
        "timeout_s": 900,
        "schedule": {"every_minutes": 1},
        "template_version": "0",
    }
    with pytest.raises(Invalid) as refused:
        fields.check(function, FunctionChange(**wanted))
    named = {"cors_origins", "environment", "memory_mb", "timeout_s", "template_version"}
    assert refused.value.errors.keys() == named | {"settings.limit", "schedule.every_minutes"}


@pytest.mark.parametrize(
    ("wanted", "different"),
    [
        ({}, []),
        ({"environment": "", "schedule": {"every_minutes": 5}}, []),
        ({"environment": "prod"}, ["environment"]),
        ({"schedule": None}, ["schedule"]),
        ({"schedule": {"every_minutes": 60}}, ["schedule"]),
    ],
)
def test_environment_and_schedule_are_different_only_if_they_are_named(
    function: Function, wanted: dict[str, Any], different: list[str]
) -> None:
    change = FunctionChange(**wanted)
    assert [each.field for each in fields.label_differences(function, change)] == different
    fields.write_labels(function, change)
    assert fields.label_differences(function, change) == []


@pytest.mark.parametrize(
    ("wanted", "merged"),
    [
        ({"limit": 5}, {"limit": 5, "rows": [1]}),
        ({"rows.0.name": "a"}, {"limit": 3, "rows.0.name": "a"}),
    ],
)
def test_settings_that_are_not_named_stay(wanted: dict[str, Any], merged: dict[str, Any]) -> None:
    assert fields.merged({"limit": 3, "rows": [1]}, wanted) == merged
