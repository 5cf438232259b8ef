"""The metrics of a function: what Lambda measured, and API Gateway at its endpoint."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.metrics import MAXIMUM, SUM, Metric, Span
from webapp.models import Function, Network, utc_now
from webapp.models.costs import reading_metrics_usd
from webapp.services.inspection.metrics.ranges import Range, span_of
from webapp.services.inspection.metrics.series import Kind, Series, read, series_of

LAMBDA, GATEWAY = "AWS/Lambda", "AWS/ApiGateway"
OF_LAMBDA = (
    Kind("invocations", LAMBDA, "Invocations", SUM, "count"),
    Kind("errors", LAMBDA, "Errors", SUM, "count"),
    Kind("throttles", LAMBDA, "Throttles", SUM, "count"),
    Kind("duration_p50", LAMBDA, "Duration", "p50", "ms"),
    Kind("duration_p95", LAMBDA, "Duration", "p95", "ms"),
    Kind("duration_p99", LAMBDA, "Duration", "p99", "ms"),
    Kind("concurrent_executions", LAMBDA, "ConcurrentExecutions", MAXIMUM, "count"),
)
OF_THE_ENDPOINT = (
    Kind("endpoint_calls", GATEWAY, "Count", SUM, "count"),
    Kind("endpoint_4xx", GATEWAY, "4XXError", SUM, "count"),
    Kind("endpoint_5xx", GATEWAY, "5XXError", SUM, "count"),
    Kind("endpoint_latency_p50", GATEWAY, "Latency", "p50", "ms"),
    Kind("endpoint_latency_p95", GATEWAY, "Latency", "p95", "ms"),
)


@dataclass(frozen=True)
class FunctionMetrics:
    """Not `complete`: CloudWatch could not read all of it now. `cost_usd` is what reading costs."""

    range: Range
    span: Span
    series: tuple[Series, ...]
    complete: bool
    read_at: datetime
    cost_usd: float

    @property
    def totals(self) -> dict[str, float | None]:
        """By name; for durations and concurrency the highest of all periods."""
        return {each.kind.name: each.total for each in self.series}

    @property
    def ran(self) -> bool:
        """Whether anything happened in the range."""
        return any(total for total in self.totals.values())


def of_function(
    session: Session, cloud: Cloud, function: Function, chosen: Range
) -> FunctionMetrics:
    """Without any series while the function does not exist in AWS. Raises AwsError."""
    region = session.get_one(Network, function.network_id).region
    asked, span = _metrics(function), span_of(chosen, utc_now())
    readings = read(cloud, region, [*asked.values()], span)
    return FunctionMetrics(
        range=chosen,
        span=span,
        series=tuple(series_of(kind, readings, [m], span) for kind, m in asked.items()),
        complete=readings.complete,
        read_at=readings.read_at,
        cost_usd=reading_metrics_usd(len(asked)),
    )


def _metrics(function: Function) -> dict[Kind, Metric]:
    name, api_name = function.lambda_name, _api_name(function)
    if not name:
        return {}
    found = {kind: kind.of(("FunctionName", name)) for kind in OF_LAMBDA}
    return found | {kind: kind.of(("ApiName", api_name)) for kind in OF_THE_ENDPOINT if api_name}


def _api_name(function: Function) -> str:
    """Of its REST API: that of the stack, which is a part of the stack's ARN."""
    parts = (function.stack_id or "").split("/")
    return parts[1] if len(parts) > 1 else ""
