"""A function's metrics, from the database and what CloudWatch answers."""

from datetime import timedelta

import pytest

from tests.services.measured import cloudwatch, without_kept_answers
from tests.services.rows import add_function
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.errors import AccessDenied
from webapp.models import Function
from webapp.scope import CloudScope
from webapp.services.inspection.metrics import Range, of_function
from webapp.services.inspection.metrics.of_functions import FunctionMetrics

NAME, API = "egret-function-fun-1", "egret-function-fun"
ARN = f"arn:aws:cloudformation:eu-central-1:1:stack/{API}/1"
VALUES = {
    ("Invocations", NAME): 4,
    ("Errors", NAME): 1,
    ("p95", NAME): 250.5,
    ("ConcurrentExecutions", NAME): 2,
    ("Count", API): 3,
    ("4XXError", API): 1,
}


def deployed(scope: CloudScope) -> Function:
    return add_function(scope.session, stack_id=ARN, outputs={"FunctionName": NAME})


def read(
    scope: CloudScope, aws: ScriptedAws, function: Function, chosen: Range = Range.HOUR
) -> FunctionMetrics:
    return of_function(scope.session, without_kept_answers(aws), function, chosen)


def test_all_of_a_functions_metrics_are_read_in_one_request(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers["GetMetricData"] = cloudwatch(VALUES)
    found = read(scripted, aws, deployed(scripted))
    (asked,) = aws.calls("GetMetricData")
    assert len(asked["MetricDataQueries"]) == len(found.series) == 12
    assert found.ran
    totals = {name: total for name, total in found.totals.items() if total}
    assert totals == {
        "invocations": 4,
        "errors": 1,
        "duration_p95": 250.5,
        "concurrent_executions": 2,
        "endpoint_calls": 3,
        "endpoint_4xx": 1,
    }
    assert found.totals["throttles"] == 0
    assert found.totals["duration_p50"] is None
    assert found.cost_usd == pytest.approx(0.00012)


def test_a_function_that_was_not_called_has_points_but_never_ran(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers["GetMetricData"] = cloudwatch({})
    found = read(scripted, aws, deployed(scripted), Range.WEEK)
    assert not found.ran
    assert {len(series.points) for series in found.series} == {7 * 24}
    (asked,) = aws.calls("GetMetricData")
    assert asked["EndTime"] - asked["StartTime"] == timedelta(days=7)


def test_a_function_that_is_not_deployed_yet_is_not_asked_about(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    found = read(scripted, aws, add_function(scripted.session))
    assert (found.series, found.ran, found.cost_usd) == ((), False, 0)
    assert aws.asked == []


def test_a_missing_permission_is_named(scripted: CloudScope, aws: ScriptedAws) -> None:
    words = "is not authorized to perform: cloudwatch:GetMetricData because no policy allows it"
    aws.answers["GetMetricData"] = refusal("AccessDenied", words, status=403)
    with pytest.raises(AccessDenied, match="cloudwatch:GetMetricData"):
        read(scripted, aws, deployed(scripted))
