"""Traces are sent if that is asked for; nobody waits for who takes them, and nothing needs them."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.fast import thorough
from tests.telemetry.collector import collecting, nobody
from webapp.telemetry import spans
from webapp.telemetry.exporting import ENDPOINTS, is_asked_for, traces_sent

ENDPOINT = ENDPOINTS[1]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in os.environ:
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    return monkeypatch


@contextmanager
def sent_to(environment: pytest.MonkeyPatch, endpoint: str) -> Iterator[None]:
    environment.setenv(ENDPOINT, endpoint)
    with traces_sent():
        yield


def answer() -> None:
    assert spans.active
    spans.active.request("GET", (), by_proxy=False).end("/healthz", "health.healthz", 200, "an id")


def test_spans_go_to_the_collector_in_its_format_with_what_the_variables_say(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=games,service.name=other")
    environment.setenv("OTEL_SERVICE_NAME", "egret-eu")
    environment.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=of%20a%20test")
    with collecting() as collector:
        with sent_to(environment, collector.url):
            answer()
        ((path, headers, body),) = collector.received
    assert (path, headers["authorization"]) == ("/v1/traces", "of a test")
    (of_resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    resource = {each.key: each.value.string_value for each in of_resource.resource.attributes}
    assert resource["service.namespace"] == "games"
    assert resource["service.name"] == "egret-eu"
    assert resource["service.instance.id"].endswith(f":{os.getpid()}")
    assert of_resource.scope_spans[0].spans[0].name == "GET /healthz"
    assert spans.active is None


@thorough("it waits")
@pytest.mark.parametrize("kind", ["nobody there", "never answers", "refuses"])
def test_nobody_waits_for_a_collector_that_fails(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    environment.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "20")
    environment.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10")
    caplog.set_level(logging.ERROR)
    with failing(kind) as url, sent_to(environment, url):
        for _ in range(200):  # more than can wait, and none of them has been taken yet
            answer()
        assert spans.active is not None
    assert "Traceback" not in caplog.text


@contextmanager
def failing(kind: str) -> Iterator[str]:
    if kind == "nobody there":
        yield nobody()
        return
    with collecting(hangs=kind == "never answers", status=400) as collector:
        yield collector.url


@pytest.mark.parametrize(
    ("asked", "answer", "warning"),
    [
        ({}, False, ""),
        ({ENDPOINTS[0]: "http://127.0.0.1:1"}, True, ""),
        ({ENDPOINTS[1]: "http://127.0.0.1:1"}, True, ""),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True, ""),
        ({ENDPOINT: "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}, False, ""),
        ({ENDPOINT: "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, False, ""),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, False, "OTEL_TRACES_EXPORTER to otlp"),
        (
            {ENDPOINT: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            False,
            "to http/protobuf",
        ),
    ],
)
def test_the_usual_variables_say_whether_traces_are_sent(
    asked: dict[str, str], answer: bool, warning: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert is_asked_for(asked) is answer
    assert warning in caplog.text
    assert bool(warning) is bool(caplog.records)


def test_a_setting_that_is_bad_is_a_warning(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environment.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-1")
    with sent_to(environment, nobody()):
        assert spans.active is None
    assert "check the OTEL variables" in caplog.text


def test_without_the_extra_it_is_a_warning_that_says_what_to_install(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environment.setitem(sys.modules, "opentelemetry.sdk.trace", None)  # as if it were not there
    with sent_to(environment, nobody()):
        assert spans.active is None
    assert "-r requirements-otel.lock" in caplog.text
