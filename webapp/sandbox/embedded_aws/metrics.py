"""What CloudWatch knows of functions, endpoints and NAT gateways here: what really ran.

ministack counts only what `Invoke` runs, and a throttled call twice, as an invocation too. Here
each execution counts once, however it was started, in the minute in which it began. Calls of an
endpoint count as API Gateway counts them, also those that it refuses. A function's duration has the
start of its environment in it, which AWS leaves out. The NAT is a process of its
own: it sends what it has forwarded to FLOWS.

Threads run the functions, while the event loop alone reads and saves CloudWatch's store. So what is
recorded waits until the loop needs it. Equal values of a minute are kept as one, with their count.

Sources: "Types of metrics for Lambda functions", "API Gateway dimensions and metrics" and "NAT
gateway metrics and dimensions" in the guides of those services.
"""

import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import apigateway_v1, cloudwatch, lambda_svc

KEPT_S = 63 * 24 * 3600
"""As long as CloudWatch keeps periods of five minutes."""
MINUTE_S = 60
LAMBDA, GATEWAY, NAT = "AWS/Lambda", "AWS/ApiGateway", "AWS/NATGateway"
COUNT, MILLISECONDS, BYTES = "Count", "Milliseconds", "Bytes"

Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Value:
    """A value of one metric. `scope` is account and region, `at` in seconds since 1970."""

    scope: tuple[str, str]
    namespace: str
    name: str
    unit: str
    dimension: tuple[str, str]
    at: float
    value: float


_waiting: deque[Value] = deque()


def install() -> None:
    evict, state = cloudwatch._evict_old_metrics, cloudwatch.get_state

    def store_and_evict() -> None:
        _store()
        evict()

    def state_with_what_waits() -> Any:
        _store()
        return state()

    cloudwatch.TWO_WEEKS_SECONDS = KEPT_S
    cloudwatch._evict_old_metrics = store_and_evict
    cloudwatch.get_state = state_with_what_waits
    lambda_svc._emit_lambda_metrics = lambda *_, **__: None
    _record_executions()
    _record_throttles()
    _record_calls()


async def serve(_scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application behind FLOWS: a list of what `nat_flows.Flows` counted."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    for flow in json.loads(body):
        scope, dimension = (
            (flow["account"], flow["region"]),
            ("NatGatewayId", flow["nat_gateway_id"]),
        )
        for name, value in flow["metrics"].items():
            unit = BYTES if name.startswith("Bytes") else COUNT
            _waiting.append(Value(scope, NAT, name, unit, dimension, flow["at"], value))
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _record_executions() -> None:
    dispatch = lambda_svc._execute_function_dispatch

    def dispatched(function: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        _, running = lambda_svc.executions_in_flight()
        at_once = running.get(lambda_svc._inflight_key(config), 1)
        result = dispatch(function, config, event, request_id, started)
        took_ms = round((time.time() - started) * 1000)
        counts = {"Invocations": 1, "Errors": int(bool(result.get("error")))}
        counts |= {"Throttles": 0, "ConcurrentExecutions": at_once}
        _of_function(config, started, counts)
        _of_function(config, started, {"Duration": took_ms}, MILLISECONDS)
        return result

    lambda_svc._execute_function_dispatch = dispatched


def _record_throttles() -> None:
    acquire = lambda_svc._acquire_execution_slot

    def acquired(function: Any, config: Any) -> Any:
        slot, limit = acquire(function, config)
        if slot is None:
            _of_function(config, time.time(), {"Throttles": 1})
        return slot, limit

    lambda_svc._acquire_execution_slot = acquired


def _of_function(config: Any, at: float, values: Mapping[str, float], unit: str = COUNT) -> None:
    scope = (get_account_id(), get_region())
    dimension = ("FunctionName", config["FunctionName"])
    _waiting.extend(
        Value(scope, LAMBDA, name, unit, dimension, at, value) for name, value in values.items()
    )


def _record_calls() -> None:
    handle = app._handle_execute_api_request

    async def handled(host: str, path: str, *asked: Any, **named: Any) -> Answer | None:
        began = time.time()
        answer: Answer | None = await handle(host, path, *asked, **named)
        parsed = app._parse_execute_api_url(host, path)
        scope = parsed and apigateway_v1.find_api_scope(parsed[0])
        api = scope and apigateway_v1._rest_apis.get_scoped(*scope, parsed[0])
        if answer and api:  # it may have been deleted meanwhile
            _of_call(scope, api["name"], began, answer[0])
        return answer

    app._handle_execute_api_request = handled


def _of_call(scope: tuple[str, str], api_name: str, began: float, status: int) -> None:
    dimension, latency_ms = ("ApiName", api_name), round((time.time() - began) * 1000)
    counts = {"Count": 1, "4XXError": status // 100 == 4, "5XXError": status // 100 == 5}
    for name, value in counts.items():
        _waiting.append(Value(scope, GATEWAY, name, COUNT, dimension, began, int(value)))
    _waiting.append(Value(scope, GATEWAY, "Latency", MILLISECONDS, dimension, began, latency_ms))


def _store() -> None:
    """Put what waits into CloudWatch's store."""
    while _waiting:
        value = _waiting.popleft()
        with request_scope(*value.scope):
            _store_one(value)


def _store_one(value: Value) -> None:
    minute = value.at // MINUTE_S * MINUTE_S
    dimensions = dict([value.dimension])
    key = (value.namespace, value.name, cloudwatch._dims_key(dimensions))
    points = cloudwatch._metric_bucket(key)
    for point in reversed(points):
        if point["Timestamp"] < minute:
            break
        if (point["Timestamp"], point["Value"]) == (minute, value.value):
            point["Count"] += 1
            return
    made = {"Timestamp": minute, "Value": value.value, "Count": 1.0}
    points.append(made | {"Unit": value.unit, "Dimensions": dimensions})
