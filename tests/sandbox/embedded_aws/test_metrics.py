"""CloudWatch in the sandbox: what ran is what is measured."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import plain_http
from tests.dashboard import wait_for
from tests.sandbox.conftest import REGION
from tests.sandbox.inside import Inside
from tests.sandbox.lab import Lab, egress, ref
from tests.sandbox.mock_api import mock_api
from webapp.aws.clients import Clients
from webapp.aws.metrics import MAXIMUM, SUM, Metric, Metrics, Span
from webapp.sandbox.doors import FLOWS
from webapp.sandbox.launcher import Sandbox

TOLD_S = 10.0


def measured(clients: Clients, namespace: str, of: tuple[str, str]) -> dict[str, float]:
    """The value of each metric, of yesterday and today."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    span = Span(today - timedelta(days=1), today + timedelta(days=2), 86400)
    names = {
        "AWS/Lambda": ["Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"],
        "AWS/ApiGateway": ["Count", "4XXError", "5XXError", "Latency"],
        "AWS/NATGateway": [
            "ActiveConnectionCount",
            "BytesInFromDestination",
            "BytesInFromSource",
            "BytesOutToDestination",
            "BytesOutToSource",
            "ConnectionAttemptCount",
            "ConnectionEstablishedCount",
            "ErrorPortAllocation",
            "PacketsDropCount",
        ],
    }[namespace]
    highest = ("ActiveConnectionCount", "ConcurrentExecutions")
    metrics = [Metric(namespace, name, MAXIMUM if name in highest else SUM, of) for name in names]
    metrics += [Metric(namespace, "Duration", "p99", of)]
    found = Metrics(clients).read(REGION, metrics, span).values
    return {
        metric.stat if metric.stat == "p99" else metric.name: sum(values.values())
        for metric, values in found.items()
        if values
    }


def test_each_run_of_a_function_is_counted_once_with_its_time(inside: Inside) -> None:
    of = ("FunctionName", inside.arn.rpartition(":")[2])
    before = measured(inside.lab.clients, "AWS/Lambda", of)
    inside.run("import time; time.sleep(0.05)")
    inside.answer("1 / 0")
    after = measured(inside.lab.clients, "AWS/Lambda", of)
    more = {name: value - before.get(name, 0) for name, value in after.items()}
    assert (more["Invocations"], more["Errors"], more["Throttles"]) == (2, 1, 0)
    assert after["ConcurrentExecutions"] == 1
    assert more["Duration"] >= 50
    assert after["p99"] <= after["Duration"]


def test_a_throttled_call_is_no_invocation(inside: Inside) -> None:
    lambdas = inside.lab.clients.awslambda_without_retries(REGION)
    of = ("FunctionName", inside.arn.rpartition(":")[2])
    before = measured(inside.lab.clients, "AWS/Lambda", of)
    lambdas.put_function_concurrency(FunctionName=inside.arn, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(lambdas.exceptions.TooManyRequestsException):
            lambdas.invoke(FunctionName=inside.arn)
    finally:
        lambdas.delete_function_concurrency(FunctionName=inside.arn)
    after = measured(inside.lab.clients, "AWS/Lambda", of)
    assert after["Throttles"] == before.get("Throttles", 0) + 1
    assert after.get("Invocations", 0) == before.get("Invocations", 0)


def test_calls_of_an_endpoint_are_counted_also_those_that_are_refused(
    lab: Lab, sandbox: Sandbox
) -> None:
    made: Any = mock_api(ApiKeyRequired=True)
    name = made["Api"]["Properties"]["Name"]
    stack = lab.deployed(made, {"Api": ref("Api")})
    url = f"{sandbox.info.aws_endpoint}/_aws/execute-api/{stack.outputs['Api']}/live/"
    assert plain_http.get(url).status_code == 403
    found = measured(lab.clients, "AWS/ApiGateway", ("ApiName", str(name)))
    assert (found["Count"], found["4XXError"], found["5XXError"]) == (1, 1, 0)


def test_a_nat_gateway_has_the_bytes_and_connections_that_went_through_it(lab: Lab) -> None:
    outputs = {"Name": ref("Function"), "Nat": ref("Nat")}
    stack = lab.deployed(egress(lab.allocate()), outputs)
    for _ in range(2):
        lab.clients.awslambda(REGION).invoke(FunctionName=stack.outputs["Name"])
    of = ("NatGatewayId", stack.outputs["Nat"])
    answered = "ConnectionEstablishedCount"  # counted last, perhaps in a later report
    wait_for(lambda: measured(lab.clients, "AWS/NATGateway", of).get(answered) == 2, TOLD_S)
    found = measured(lab.clients, "AWS/NATGateway", of)
    assert (found["ConnectionAttemptCount"], found["ActiveConnectionCount"]) == (2, 1)
    assert found["BytesOutToDestination"] == found["BytesInFromSource"] > 100
    assert found["BytesInFromDestination"] == found["BytesOutToSource"] > 100
    assert (found["ErrorPortAllocation"], found["PacketsDropCount"]) == (0, 0)


def test_only_the_nat_and_the_administrator_may_report_what_was_forwarded(sandbox: Sandbox) -> None:
    url = f"{sandbox.info.aws_endpoint}{FLOWS}"
    user = (sandbox.info.access_key_id, sandbox.info.secret_access_key)
    assert plain_http.post(url, content=b"[]", auth=user).status_code == 204
    assert plain_http.post(url, content=b"[]").status_code == 403
    dashboard = sandbox.users.dashboard
    own = (dashboard.access_key_id, dashboard.secret)
    assert plain_http.post(url, content=b"[]", auth=own).status_code == 403
