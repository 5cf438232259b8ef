"""Spans of requests, of calls to AWS and others, and of steps of the background.

They follow OpenTelemetry's semantic conventions for HTTP and for AWS's SDKs, with one exception: no
path is in them, only the route's template. A path may be the secret link of a whitelist, and a
query or a header may be a token. Nor is the text of any error, only its code or class.
https://opentelemetry.io/docs/specs/semconv/http/http-spans/

What a client says of its own trace (`traceparent`) is a hint. It is continued only for a proxy that
EGRET_TRUSTED_PROXIES names. For others a trace begins here, with a link to theirs, so that nobody
else decides which requests are sampled, or mixes a trace with other people's requests
(https://www.w3.org/TR/trace-context/#security-considerations).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import (
    Link,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TracerProvider,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from webapp.telemetry.counts import METHODS

TRACEPARENT: Final = b"traceparent"
OTHER_METHOD: Final = "_OTHER"
FAULTS_FROM: Final = 500
"""The status of answers for which a server's span is an error; a client's is from 400 on."""
NOTED: Final = {
    "state": "egret.state",
    "region": "cloud.region",
    "account": "cloud.account.id",
    "error": "error.type",
}
NS: Final = 1_000_000_000

Headers = Sequence[tuple[bytes, bytes]]
Attributes = Mapping[str, str | int]


class Request:
    """A request that is being answered. `trace_id` is empty if its trace is not recorded."""

    def __init__(self, span: Span, method: str) -> None:
        self._span, self._method = span, method
        known = span.get_span_context()
        self.trace_id = f"{known.trace_id:032x}" if known.trace_flags.sampled else ""

    @contextmanager
    def current(self) -> Iterator[None]:
        """What is called in the block is a part of it."""
        token = attach(set_span_in_context(self._span))
        try:
            yield
        finally:
            detach(token)

    def end(self, template: str, operation: str, status: int, request_id: str) -> None:
        """`template` is the route's, '' if no route was found."""
        span = self._span
        if span.is_recording():
            found: dict[str, str | int] = {
                "http.request.method": self._method,
                "http.response.status_code": status,
                "egret.operation": operation,
                "egret.request_id": request_id,
            }
            if template:
                found["http.route"] = template
                span.update_name(f"{_named(self._method)} {template}")
            if status >= FAULTS_FROM:
                found["error.type"] = str(status)
                span.set_status(StatusCode.ERROR)
            span.set_attributes(found)
        span.end()


class Call:
    """A call that is under way. It ends with what is known of its answer."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def end(self, found: Attributes, *, error: str = "") -> None:
        """`error` is a code or the name of a class."""
        self._span.set_attributes(dict(found))
        if error:
            self._span.set_attribute("error.type", error)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Tracing:
    """`reads_callers`: what a client says of its own trace counts, as far as that is said above."""

    def __init__(self, provider: TracerProvider, *, reads_callers: bool = True) -> None:
        self._tracer = provider.get_tracer("egret", version("egret"))
        self._reads_callers = reads_callers
        self._propagator = TraceContextTextMapPropagator()

    def request(
        self, method: str, headers: Headers, *, by_proxy: bool, begun_s: float | None = None
    ) -> Request:
        """A request that has begun now, or at that time of the monotonic clock."""
        known = method if method in METHODS else OTHER_METHOD
        caller = self._caller(headers) if self._reads_callers else None
        context, links = Context(), []
        if caller and by_proxy:
            context = caller
        elif caller:
            links = [Link(_without_state(get_current_span(caller).get_span_context()))]
        start_ns = time.time_ns()
        if begun_s is not None:
            start_ns -= int((time.monotonic() - begun_s) * NS)
        span = self._tracer.start_span(
            _named(known),
            context,
            kind=SpanKind.SERVER,
            attributes={"http.request.method": known},
            links=links,
            start_time=start_ns,
        )
        return Request(span, known)

    def call(self, name: str, about: Attributes) -> Call:
        """A call to another system, as a part of what this thread does."""
        return Call(self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=dict(about)))

    @contextmanager
    def step(self, kind: str) -> Iterator[None]:
        """One step of the work on a row: of the background, or the first one, of a request."""
        span = self._tracer.start_span(f"step {kind}", attributes={"egret.kind": kind})
        token = attach(set_span_in_context(span))
        error = ""
        try:
            yield
        except Exception as raised:
            error = type(raised).__name__
            raise
        finally:
            detach(token)
            Call(span).end({}, error=error)

    def note(self, **known: str) -> None:
        """Of the step: the `state` of its row, the `region` and `account` of that; an `error`."""
        span = get_current_span()
        span.set_attributes({NOTED[name]: value for name, value in known.items() if value})
        if "error" in known:
            span.set_status(StatusCode.ERROR)

    def carrying(self) -> Callable[[], object]:
        """To be called in another thread that works for this one: its calls are parts as well."""
        here = get_current()
        return lambda: attach(here)

    def _caller(self, headers: Headers) -> Context | None:
        """None if it says nothing, or what is not allowed: W3C Trace Context, 3.2."""
        said = [value for name, value in headers if name == TRACEPARENT]
        if len(said) != 1:
            return None
        carrier = {TRACEPARENT.decode(): said[0].decode("latin-1")}
        context = self._propagator.extract(carrier, Context())
        return context if get_current_span(context).get_span_context().is_valid else None


def _named(method: str) -> str:
    return "HTTP" if method == OTHER_METHOD else method


def _without_state(theirs: SpanContext) -> SpanContext:
    return SpanContext(theirs.trace_id, theirs.span_id, is_remote=True)
