"""Sends spans to a collector, by OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/).

All of it is set by OpenTelemetry's own variables (OTEL_…), and read by its own SDK, which the extra
`otel` brings. Traces are on if a collector is named, or OTEL_TRACES_EXPORTER asks for one. Whatever
is wrong with that is a warning: nobody waits for the collector, and Egret works without it. Spans
wait in a queue of bounded length, and are dropped when it is full.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Final

from webapp.services.engine.leases import OWNER
from webapp.telemetry import spans

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
EXPORTER: Final = "OTEL_TRACES_EXPORTER"
PROPAGATORS: Final = "OTEL_PROPAGATORS"
OURS, HTTP, NONE = "otlp", "http/protobuf", "none"
LAST_SPANS_S: Final = 0.3
"""How long the end of the process waits for the last spans to be sent."""

log = logging.getLogger("egret")


@contextmanager
def traces_sent() -> Iterator[None]:
    """While the block runs, if the environment asks for it."""
    made = _made() if is_asked_for(os.environ) else None
    if made is None:
        yield
        return
    provider, exporter = made
    from webapp.telemetry.tracing import Tracing

    reads = "tracecontext" in _read(os.environ, PROPAGATORS, "tracecontext")
    try:
        with spans.made_by(Tracing(provider, reads_callers=reads)):
            yield
    finally:
        last = Thread(target=provider.shutdown, name="last spans", daemon=True)
        last.start()
        last.join(LAST_SPANS_S)
        if last.is_alive():
            exporter.shutdown()  # it would try again


def is_asked_for(environment: Mapping[str, str]) -> bool:
    """Warns of what is asked for and not possible."""
    names = any(environment.get(name) for name in ENDPOINTS)
    exporter = _read(environment, EXPORTER, OURS if names else NONE)
    if exporter == NONE or _read(environment, "OTEL_SDK_DISABLED", "") == "true":
        return False
    if exporter != OURS:
        log.warning("No traces are sent: set OTEL_TRACES_EXPORTER to otlp, not to %r.", exporter)
        return False
    protocols = [_read(environment, name, "") for name in PROTOCOLS]
    protocol = next(filter(None, protocols), HTTP)
    if protocol != HTTP:
        log.warning(
            "No traces are sent: set OTEL_EXPORTER_OTLP_PROTOCOL to %s, not to %r, and the "
            "endpoint to the collector's port for it, usually 4318.",
            HTTP,
            protocol,
        )
        return False
    return True


def _made() -> "tuple[TracerProvider, SpanExporter] | None":
    """What makes spans and what sends them; None, and a warning, if that is not possible."""
    try:
        return make()
    except ImportError:
        log.warning(
            "No traces are sent: what sends them is not installed. In Egret's source folder, run "
            "`pip install --require-hashes -r requirements-otel.lock` (the extra otel)."
        )
    except Exception as error:  # whatever the SDK says of its settings
        log.warning("No traces are sent, check the OTEL variables: %s", error)
    return None


def make() -> "tuple[TracerProvider, SpanExporter]":
    """Raises ImportError without the extra, and ValueError and others for settings that are bad."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    own = Resource({"service.name": "egret", "service.instance.id": OWNER})
    resource = Resource.create().merge(own).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider, exporter


def _read(environment: Mapping[str, str], name: str, default: str) -> str:
    return (environment.get(name) or default).strip().lower()
