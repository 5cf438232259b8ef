"""Spans that are kept in memory, by OpenTelemetry's own SDK."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from webapp.telemetry import spans
from webapp.telemetry.tracing import Tracing


class Kept:
    """What has ended, in that order."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    @property
    def all(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.all]

    def one(self, name: str) -> ReadableSpan:
        (found,) = (span for span in self.all if span.name == name)
        return found

    @property
    def text(self) -> str:
        """All that would be sent."""
        return "\n".join(span.to_json() for span in self.all)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def trace_of(span: ReadableSpan) -> str:
    assert span.context
    return f"{span.context.trace_id:032x}"


def is_part(span: ReadableSpan, whole: ReadableSpan) -> bool:
    """Whether it is a child of the other one."""
    assert whole.context
    return span.parent is not None and span.parent.span_id == whole.context.span_id


@contextmanager
def kept(sampler: Sampler | None = None, *, reads_callers: bool = True) -> Iterator[Kept]:
    """Those of all threads, in the block."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with spans.made_by(Tracing(provider, reads_callers=reads_callers)):
        yield Kept(exporter)
