"""The metrics of a function or a network: charts, with a table of the same numbers beside each."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from fastapi.responses import HTMLResponse

from webapp.aws.errors import is_throttled
from webapp.deps import Router, Viewer
from webapp.errors import Upstream
from webapp.models import MAX_ZONES
from webapp.models.costs import (
    ADDRESS_USD_PER_HOUR,
    METRICS_USD_PER_THOUSAND,
    NAT_GATEWAY_USD_PER_HOUR,
    TRAFFIC_USD_PER_GB,
)
from webapp.rendering.charts import Chart, Data, chart
from webapp.rendering.templating import page
from webapp.services import functions, networks
from webapp.services.inspection import metrics
from webapp.services.inspection.metrics import Range
from webapp.services.inspection.metrics.of_networks import NetworkMetrics
from webapp.services.inspection.metrics.series import Series

router = Router()
Chosen = Annotated[Range, Query(alias="range")]
UNANSWERED_SHARE = 0.01
"""Of new connections: more than this is worth a warning."""
THROTTLED = "AWS throttles its CloudWatch"
RANGES = {
    Range.HOUR: "the last hour",
    Range.DAY: "the last 24 hours",
    Range.WEEK: "the last 7 days",
    Range.MONTH: "the last 30 days",
}
OF_FUNCTIONS = {
    "Invocations": {"invocations": "Invocations"},
    "Errors and throttles": {"errors": "Errors", "throttles": "Throttles"},
    "Duration": {"duration_p50": "p50", "duration_p95": "p95", "duration_p99": "p99"},
    "Concurrent executions": {"concurrent_executions": "At once"},
    "Endpoint calls": {
        "endpoint_calls": "All",
        "endpoint_4xx": "Status 4XX",
        "endpoint_5xx": "Status 5XX",
    },
    "Endpoint latency": {"endpoint_latency_p50": "p50", "endpoint_latency_p95": "p95"},
}
"""The charts, each with its lines by the names of their series."""
BY_ZONE = {
    "Sent to partners": "bytes_out",
    "Received from partners": "bytes_in",
    "Active connections": "active_connections",
}
"""The charts with a line for the network and, if there are several, one for each zone."""
OF_NETWORKS = {
    "New connections": {
        "connection_attempts": "Attempts",
        "connections_established": "Established",
    },
    "Errors": {"port_errors": "Port errors", "packets_dropped": "Dropped packets"},
}


@router.get("/functions/{name}/metrics")
def of_function(ctx: Viewer, name: str, chosen: Chosen = Range.DAY) -> HTMLResponse:
    function = functions.get(ctx.session, name)
    found, problem = None, None
    try:
        found = metrics.of_function(ctx.session, ctx.cloud_of(function), function, chosen)
    except Upstream as error:
        problem = error
    return page(
        ctx.request,
        "metrics/function.html",
        status_code=problem.status if problem else 200,
        function=function,
        metrics=found,
        charts=_charts(OF_FUNCTIONS, found.series) if found else [],
        **_shared(chosen, problem),
    )


@router.get("/networks/{name}/metrics")
def of_network(ctx: Viewer, name: str, chosen: Chosen = Range.DAY) -> HTMLResponse:
    detail = networks.detail(ctx.session, name)
    found, problem = None, None
    try:
        cloud = ctx.cloud_of(detail.network)
        found = metrics.of_network(ctx.session, cloud, detail.network, chosen)
    except Upstream as error:
        problem = error
    return page(
        ctx.request,
        "metrics/network.html",
        status_code=problem.status if problem else 200,
        detail=detail,
        metrics=found,
        charts=_by_zone(found) + _charts(OF_NETWORKS, found.series) if found else [],
        unanswered_share=UNANSWERED_SHARE,
        max_nat_gateways=MAX_ZONES,
        nat_usd=NAT_GATEWAY_USD_PER_HOUR,
        address_usd=ADDRESS_USD_PER_HOUR,
        gb_usd=TRAFFIC_USD_PER_GB,
        **_shared(chosen, problem),
    )


def _shared(chosen: Range, problem: Upstream | None) -> dict[str, object]:
    """`problem` is shown with what kind it is: a permission, throttling, no answer in time."""
    title = THROTTLED if problem and is_throttled(problem) else problem.title if problem else ""
    return {
        "ranges": RANGES,
        "chosen": chosen,
        "period": {60: "minute", 300: "5 minutes", 3600: "hour"}[chosen.period_s],
        "per_thousand_usd": METRICS_USD_PER_THOUSAND,
        "problem": problem,
        "problem_title": title,
    }


def _charts(wanted: dict[str, dict[str, str]], series: Sequence[Series]) -> list[Chart]:
    """Those that there are series for."""
    by_name = {each.kind.name: each for each in series}
    return [
        chart(
            title,
            by_name[next(iter(lines))].kind.unit,
            [_data(label, by_name[name]) for name, label in lines.items()],
        )
        for title, lines in wanted.items()
        if lines.keys() <= by_name.keys()
    ]


def _by_zone(found: NetworkMetrics) -> list[Chart]:
    charts = []
    for title, name in BY_ZONE.items():
        (whole,) = [each for each in found.series if each.kind.name == name]
        zones = [each for each in found.zones if each.kind.name == name]
        lines = [_data("All zones" if len(zones) > 1 else "Network", whole)]
        lines += [_data(zone.zone, zone) for zone in zones if len(zones) > 1]
        charts.append(chart(title, whole.kind.unit, lines))
    return charts


def _data(label: str, series: Series) -> Data:
    return Data(label, [(point.at, point.value) for point in series.points])
