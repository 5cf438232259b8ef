"""The metrics of functions and networks by the API."""

from typing import Annotated

from fastapi import Query

from webapp.deps import Router, Viewer
from webapp.routes.api.description.answers import ASKS_AWS
from webapp.routes.api.schemas.metrics import (
    MetricsOut,
    NetworkMetricsOut,
    metrics_out,
    network_metrics_out,
)
from webapp.services import functions, networks
from webapp.services.inspection import metrics
from webapp.services.inspection.metrics import Range

router = Router(tags=["metrics"])
Chosen = Annotated[Range, Query(alias="range", description="The time until now")]


@router.get(
    "/functions/{name}/metrics",
    summary="Read the metrics of a function",
    operation_id="read_function_metrics",
    responses=ASKS_AWS,
)
def of_function(ctx: Viewer, name: str, chosen: Chosen = Range.DAY) -> MetricsOut:
    """Invocations, errors, throttles, durations, concurrent executions, calls of the endpoint."""
    function = functions.get(ctx.session, name)
    return metrics_out(metrics.of_function(ctx.session, ctx.cloud_of(function), function, chosen))


@router.get(
    "/networks/{name}/metrics",
    summary="Read the metrics of a network",
    operation_id="read_network_metrics",
    responses=ASKS_AWS,
)
def of_network(ctx: Viewer, name: str, chosen: Chosen = Range.DAY) -> NetworkMetricsOut:
    """Bytes, connections and errors of the NAT gateways, and the month's cost so far."""
    network = networks.get(ctx.session, name)
    found = metrics.of_network(ctx.session, ctx.cloud_of(network), network, chosen)
    return network_metrics_out(found)
