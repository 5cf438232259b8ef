"""Spans: what they are parts of, and how much a caller's own trace counts."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from tests.spans import Kept, attributes, is_part, kept, trace_of
from webapp.telemetry import spans
from webapp.telemetry.tracing import Tracing

THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = (b"traceparent", f"00-{THEIRS}-00f067aa0ba902b7-01".encode())
STATE = (b"tracestate", b"vendor=something")


@pytest.fixture
def in_memory() -> Iterator[Kept]:
    with kept() as made:
        yield made


def tracing() -> Tracing:
    assert spans.active
    return spans.active


def answer(*headers: tuple[bytes, bytes], by_proxy: bool = False) -> str:
    """A request; gives the id of its trace."""
    request = tracing().request("GET", headers, by_proxy=by_proxy)
    request.end("/networks/{name}", "pages.networks.show", 200, "an id")
    return request.trace_id


def test_a_request_is_named_by_its_route(in_memory: Kept) -> None:
    trace_id = answer()
    span = in_memory.one("GET /networks/{name}")
    assert attributes(span) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/networks/{name}",
        "egret.operation": "pages.networks.show",
        "egret.request_id": "an id",
    }
    assert trace_of(span) == trace_id


def test_only_a_fault_of_ours_is_an_error_of_a_request(in_memory: Kept) -> None:
    for status in (404, 503):
        tracing().request("BREW", (), by_proxy=False).end("", "none", status, "an id")
    refused, failed = in_memory.all
    assert (refused.name, attributes(refused)["http.request.method"]) == ("HTTP", "_OTHER")
    assert refused.status.is_unset
    assert not failed.status.is_ok
    assert attributes(failed)["error.type"] == "503"


def test_a_trusted_proxys_trace_is_continued(in_memory: Kept) -> None:
    assert answer(CALLER, STATE, by_proxy=True) == THEIRS
    (span,) = in_memory.all
    assert span.parent and f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"


def test_anybody_elses_trace_is_linked_to_without_what_they_say_in_it(in_memory: Kept) -> None:
    assert answer(CALLER, STATE) not in ("", THEIRS)
    (span,) = in_memory.all
    (link,) = span.links
    assert (f"{link.context.trace_id:032x}", span.parent) == (THEIRS, None)
    assert not link.context.trace_state


def test_nobody_else_can_have_a_request_left_out_of_the_sample(in_memory: Kept) -> None:
    unsampled = (CALLER[0], CALLER[1][:-1] + b"0")
    assert answer(unsampled)
    assert len(in_memory.all) == 1


@pytest.mark.parametrize(
    "headers",
    [
        [(b"traceparent", b"nonsense")],
        [(b"traceparent", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01")],
        [(b"traceparent", b"\xff" * 4000)],
        [CALLER, CALLER],
    ],
    ids=["nonsense", "zeros", "long", "two"],
)
def test_a_trace_that_is_none_is_ignored(
    in_memory: Kept, headers: list[tuple[bytes, bytes]]
) -> None:
    for by_proxy in (True, False):
        answer(*headers, by_proxy=by_proxy)
    assert all((span.parent, span.links) == (None, ()) for span in in_memory.all)


def test_callers_are_not_heard_if_that_is_set() -> None:
    with kept(reads_callers=False) as in_memory:
        assert answer(CALLER, by_proxy=True) != THEIRS
    assert in_memory.all[0].parent is None


def test_what_is_not_sampled_costs_no_attributes_and_has_no_id_in_the_log() -> None:
    with kept(ALWAYS_OFF) as in_memory:
        assert answer() == ""
        with tracing().step("network"):
            spans.note(state="creating")
    assert in_memory.all == []


def test_a_call_is_a_part_of_the_step_and_the_step_of_the_request(in_memory: Kept) -> None:
    request = tracing().request("POST", (), by_proxy=False)
    with request.current(), tracing().step("network"):
        spans.note(state="creating", region="eu-central-1", account="")
        tracing().call("EC2/DescribeVpcs", {}).end({}, error="Throttling")
    request.end("/networks", "pages.networks.create", 303, "an id")
    call, step, whole = in_memory.all
    assert is_part(call, step)
    assert is_part(step, whole)
    assert attributes(call) == {"error.type": "Throttling"}
    known = {"egret.kind": "network", "egret.state": "creating", "cloud.region": "eu-central-1"}
    assert attributes(step) == known


def test_a_step_that_fails_says_what_it_was_but_not_its_words(in_memory: Kept) -> None:
    with pytest.raises(KeyError), tracing().step("key"):
        raise KeyError("a secret")
    (step,) = in_memory.all
    assert (step.name, attributes(step)["error.type"]) == ("step key", "KeyError")
    assert "a secret" not in in_memory.text


def test_nothing_is_made_unless_it_is_asked_for() -> None:
    assert spans.active is None
    spans.note(state="creating")
