"""`/metrics`, in Prometheus's format, on a port of its own that only this machine reaches."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate
from threading import Thread

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from webapp.errors import Unavailable
from webapp.telemetry import counts
from webapp.telemetry.looks import Look, Looks

LOOPBACK = "127.0.0.1"
PATH = "/metrics"
READ_TIMEOUT_S = 5
POLL_S = 0.1
"""How soon it ends with the dashboard."""


class EgretCollector(Collector):
    """`streams` gives how many are open."""

    def __init__(self, engine: Engine, streams: Callable[[], int]) -> None:
        self._looks, self._streams = Looks(engine), streams

    def collect(self) -> Iterator[Metric]:
        by_request = ("method", "operation", "status")
        yield _counter("egret_requests", "Requests answered", by_request, counts.requests())
        yield _durations()
        by_call = ("service", "action", "code")
        yield _counter("egret_aws_calls", "Requests to AWS", by_call, counts.AWS_CALLS.read())
        throttles = counts.AWS_THROTTLES.read()
        yield _counter(
            "egret_aws_throttles", "That AWS throttled", ("service", "region"), throttles
        )
        takeovers = counts.TAKEOVERS.read()
        yield _counter("egret_lease_takeovers", "Leases of a dead process", ("noun",), takeovers)
        yield _gauge("egret_streams", "Open pages that are kept up to date", self._streams())
        try:
            yield from _of_the_database(self._looks.now())
            yield _gauge("egret_database_up", "Whether the database could be read", 1)
        except SQLAlchemyError:
            yield _gauge("egret_database_up", "Whether the database could be read", 0)


def _of_the_database(look: Look) -> Iterator[Metric]:
    by_noun = ["noun"]
    under_way = GaugeMetricFamily("egret_operations", "Operations under way", labels=by_noun)
    ages = GaugeMetricFamily(
        "egret_operation_oldest_seconds", "Since the oldest operation began", labels=by_noun
    )
    for noun, (count, age_s) in look.operations.items():
        under_way.add_metric([noun], count)
        ages.add_metric([noun], age_s)
    yield under_way
    yield ages
    yield _gauge("egret_lease_overdue_seconds", "How long work has waited", look.overdue_s)
    if look.oldest_answer_s is not None:
        age_s = look.oldest_answer_s
        yield _gauge("egret_cache_oldest_seconds", "Age of the oldest kept answer", age_s)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _counter(
    name: str, about: str, labels: tuple[str, ...], values: Mapping[counts.Labels, int]
) -> Metric:
    made = CounterMetricFamily(name, about, labels=labels)
    for found, value in values.items():
        made.add_metric(found, value)
    return made


def _durations() -> Metric:
    made = HistogramMetricFamily(
        "egret_request_seconds", "Until the end of an answer", labels=["operation"]
    )
    ends = [*map(str, counts.BUCKETS_S), "+Inf"]
    for operation, (numbers, total_s) in counts.REQUEST_S.read().items():
        made.add_metric([operation], list(zip(ends, accumulate(numbers), strict=True)), total_s)
    return made


def registry_of(engine: Engine, streams: Callable[[], int]) -> CollectorRegistry:
    """Of one replica, with the processor, memory and files of its process."""
    registry = CollectorRegistry()
    registry.register(EgretCollector(engine, streams))
    ProcessCollector(registry=registry)
    return registry


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    registry: CollectorRegistry


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = READ_TIMEOUT_S

    def do_GET(self) -> None:
        """A name that another site has given to this machine is refused (DNS rebinding)."""
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in (LOOPBACK, "localhost"):
            self.send_error(400, "Ask for 127.0.0.1")
        elif self.path != PATH:
            self.send_error(404, f"Only {PATH} is here")
        else:
            body = generate_latest(self.server.registry)
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody else asks."""


@contextmanager
def serving(port: int, registry: CollectorRegistry) -> Iterator[int]:
    """Answer on that port, 0 is any; gives its number. Raises Unavailable."""
    try:
        server = _Server((LOOPBACK, port), _Handler)
    except OSError as error:
        raise Unavailable(
            f"cannot listen on {LOOPBACK} port {port} for metrics: {error.strerror}.",
            remedy="Set EGRET_METRICS_PORT to a free port; each replica needs its own.",
        ) from None
    server.registry = registry
    Thread(target=server.serve_forever, args=(POLL_S,), name="metrics", daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
