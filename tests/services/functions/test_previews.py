"""Previews: a failed answer never replaces the last good one, however many there are."""

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.services.rows import (
    IP,
    a_function,
    a_network,
    a_snapshot,
    add,
    add_function,
    an_address,
)
from tests.services.scripted import INCONCLUSIVE, Answer, ScriptedAws, refusal
from webapp.aws.errors import AwsError, NotReached
from webapp.errors import Conflict, NotFound
from webapp.models import AddressStatus, Function, Network, Snapshot, Status
from webapp.scope import CloudScope
from webapp.services import keys
from webapp.services.audit import list_after
from webapp.services.functions import previews
from webapp.services.functions.catalogue.template import CACHE_DEFAULT_S
from webapp.services.functions.previews import SNAPSHOTS_KEPT


@pytest.fixture
def function(session: Session) -> Function:
    return add_function(session, outputs={"FunctionName": "egret-function-fun"})


def returning(status: int, body: object, **headers: str) -> Callable[[object], Mapping[str, Any]]:
    """What Lambda gives for a run of the function."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = {"statusCode": status, "headers": named, "body": json.dumps(body)}
    return lambda _: {"Payload": BytesIO(json.dumps(answer).encode())}


def test_an_answer_is_kept_byte_for_byte_with_what_the_function_says_of_it(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    aws.answers["Invoke"] = returning(
        200, {"items": []}, cache_control="max-age=120", x_egress_ip=IP, x_key_version="v1"
    )
    snapshot = previews.fetch(scripted, function)
    assert (snapshot.ok, snapshot.body, snapshot.problem) == (True, b'{"items": []}', "")
    assert (snapshot.ttl_s, snapshot.egress_ip, snapshot.key_version) == (120, IP, "v1")
    assert previews.cached(scripted.session, function) == snapshot
    assert [event.action for event in list_after(scripted.session, 0, limit=9)] == ["fetch"]


def test_the_same_answer_has_the_same_etag_and_another_one_does_not(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    etags = []
    for body in ("a", "a", "b"):
        aws.answers["Invoke"] = returning(200, body)
        snapshot = previews.fetch(scripted, function)
        assert snapshot.ttl_s == CACHE_DEFAULT_S
        etags.append(snapshot.etag)
    assert etags[0] == etags[1] != etags[2]


def test_a_partners_refusal_says_whose_address_it_saw(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    other = a_network("other")
    add(scripted.session, other, an_address(other, "198.51.100.1"))
    told = "Invalid authorization: API key does not allow access from IP 198.51.100.1"
    refused = {"reason": "accessDenied.invalidIp", "message": told}
    aws.answers["Invoke"] = returning(403, refused)
    snapshot = previews.fetch(scripted, function)
    assert (snapshot.ok, snapshot.egress_ip) == (False, "198.51.100.1")
    assert snapshot.problem.endswith("198.51.100.1 belongs to the network other.")
    assert snapshot.remedy


@pytest.mark.parametrize("headers", [{"x_egress_ip": IP}, {}])
def test_a_firewalls_page_gives_the_address_for_the_partner_and_does_not_blame_the_key(
    scripted: CloudScope, aws: ScriptedAws, function: Function, headers: dict[str, str]
) -> None:
    aws.answers["Invoke"] = returning(403, "<!DOCTYPE html><title>Access denied</title>", **headers)
    lost = an_address(ip="198.51.100.9", status=AddressStatus.LOST, position=1)
    lost.network_id = function.network_id
    add(scripted.session, lost)
    failure = previews.fetch(scripted, function)
    assert "before the key was read" in failure.problem
    assert f"the address {IP} and" in failure.remedy
    assert not previews.concerns_key(function, failure)


@pytest.mark.parametrize(("status", "concerns"), [(403, True), (401, True), (500, False)])
def test_a_key_that_was_read_and_refused_is_named_as_the_cause(
    scripted: CloudScope, aws: ScriptedAws, function: Function, status: int, concerns: bool
) -> None:
    refused = {"reason": "accessDenied", "message": "Invalid authorization"}
    aws.answers["Invoke"] = returning(status, refused)
    failure = previews.fetch(scripted, function)
    assert previews.concerns_key(function, failure) is concerns
    assert not previews.concerns_key(function, None)


def test_a_function_that_failed_sends_to_its_log(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    told = json.dumps({"errorType": "KeyError", "errorMessage": "'items'"}).encode()
    aws.answers["Invoke"] = {"Payload": BytesIO(told), "FunctionError": "Unhandled"}
    snapshot = previews.fetch(scripted, function)
    assert not snapshot.ok
    assert snapshot.problem.startswith("The function failed:")
    assert snapshot.remedy == "Check its log."


def test_what_a_handler_passes_on_is_told_as_the_partners(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    headers = {"X-Upstream-Status": "200", "Content-Type": "text/xml; charset=utf-8"}
    answer = {"statusCode": 200, "headers": headers, "body": "<accounts/>"}
    aws.answers["Invoke"] = {"Payload": BytesIO(json.dumps(answer).encode())}
    snapshot = previews.fetch(scripted, function)
    assert snapshot.problem == "The partner answered 200 without valid JSON (text/xml)."
    assert "only JSON makes a table" in snapshot.remedy


ODD_HEADERS = {
    "x-upstream-status": "\u00b2",
    "x-egress-ip": "203.0.113.7\r\nSet-Cookie: a=b",
    "x-key-version": "\ud800",
    "content-type": "text/\u4e2d",
    "cache-control": None,
}


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 200, "body": "<html>"},
        {"statusCode": 200},
        {"statusCode": 200, "headers": None, "body": "{"},
        {"statusCode": "many", "body": "{}"},
        {"statusCode": 500, "headers": ODD_HEADERS, "body": json.dumps({"reason": "\ud800"})},
        {"statusCode": 200, "body": {"items": []}},
        ["no", "object"],
    ],
)
def test_an_odd_answer_is_a_failure_and_never_raises(
    scripted: CloudScope, aws: ScriptedAws, function: Function, answer: object
) -> None:
    good = a_snapshot(function, age_s=5)
    add(scripted.session, good)
    aws.answers["Invoke"] = {"Payload": BytesIO(json.dumps(answer).encode())}
    failure = previews.fetch(scripted, function)
    assert failure.problem
    assert previews.latest(scripted.session, function) == (good, failure)


def test_headers_that_cannot_be_sent_on_are_not_kept(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    answer = {"statusCode": 200, "headers": ODD_HEADERS, "body": "{}"}
    aws.answers["Invoke"] = {"Payload": BytesIO(json.dumps(answer).encode())}
    kept = previews.fetch(scripted, function)
    assert (kept.ok, kept.upstream_status, kept.egress_ip) == (True, 200, None)
    assert kept.content_type == "application/json"


@pytest.mark.parametrize("answer", INCONCLUSIVE)
def test_a_function_that_aws_did_not_run_has_not_failed(
    scripted: CloudScope, aws: ScriptedAws, function: Function, answer: Answer
) -> None:
    aws.answers["Invoke"] = answer
    with pytest.raises(AwsError):
        previews.fetch(scripted, function)
    assert previews.latest(scripted.session, function) == (None, None)


def test_an_aws_that_does_not_answer_is_no_failed_answer(
    offline: CloudScope, function: Function
) -> None:
    with pytest.raises(NotReached):
        previews.fetch(offline, function)
    assert previews.latest(offline.session, function) == (None, None)


def test_a_function_that_was_deleted_outside_egret_fails(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    aws.answers["Invoke"] = refusal("ResourceNotFoundException", "Function not found", status=404)
    snapshot = previews.fetch(scripted, function)
    assert "Function not found" in snapshot.problem


def test_a_function_that_is_not_ready_is_not_fetched_through(
    offline: CloudScope, function: Function
) -> None:
    function.status = Status.CREATING
    with pytest.raises(Conflict, match="is creating"):
        previews.fetch(offline, function)
    assert previews.latest(offline.session, function) == (None, None)


def test_nothing_is_fetched_while_the_network_is_parked(
    offline: CloudScope, function: Function
) -> None:
    offline.session.get_one(Network, function.network_id).status = Status.PARKED
    with pytest.raises(Conflict) as refused:
        previews.fetch(offline, function)
    assert refused.value.code == "network_parked"


@pytest.mark.parametrize("status", [Status.READY, Status.UPDATING])
def test_a_function_runs_on_while_it_is_updated(function: Function, status: Status) -> None:
    function.status = status
    assert previews.lambda_name(function) == "egret-function-fun"


# --- What is cached ---------------------------------------------------------------------------


def test_a_failure_is_shown_beside_the_last_good_answer_until_the_next_one(
    session: Session, function: Function
) -> None:
    good, failure = a_snapshot(function, age_s=20), a_snapshot(function, ok=False, age_s=10)
    add(session, a_snapshot(function, age_s=30), good, failure)
    assert previews.latest(session, function) == (good, failure)
    again = a_snapshot(function)
    add(session, again)
    assert previews.latest(session, function) == (again, None)


def test_each_function_has_its_own_latest(session: Session, function: Function) -> None:
    network, key = session.get_one(Network, function.network_id), keys.get(session, "key")
    other, third = a_function(network, key, "other"), a_function(network, key, "third")
    mine, failed = a_snapshot(function), a_snapshot(other, ok=False)
    add(session, other, third, mine, failed)
    found = previews.latest_by_function(session)
    assert found == {function.id: (mine, None), other.id: (None, failed)}
    assert previews.latest(session, third) == (None, None)


def test_without_a_good_answer_there_is_no_preview_but_a_reason(
    session: Session, function: Function
) -> None:
    with pytest.raises(NotFound, match="has not fetched anything yet") as missing:
        previews.cached(session, function)
    assert "/functions/fun/snapshots" in missing.value.remedy
    add(session, a_snapshot(function, ok=False, problem="Throttled.", remedy="Wait."))
    with pytest.raises(NotFound) as missing:
        previews.cached(session, function)
    assert (missing.value.detail, missing.value.remedy) == ("Throttled.", "Wait.")


def test_old_answers_go_but_never_the_last_good_one(
    scripted: CloudScope, aws: ScriptedAws, function: Function
) -> None:
    session = scripted.session
    aws.answers["Invoke"] = returning(500, {})
    good = a_snapshot(function, age_s=1000)
    failures = [a_snapshot(function, ok=False, age_s=n) for n in range(1, SNAPSHOTS_KEPT + 5)]
    add(session, a_snapshot(function, age_s=2000), good, *failures)
    newest = previews.fetch(scripted, function)
    kept = session.exec(select(Snapshot)).all()
    assert len(kept) == SNAPSHOTS_KEPT + 1
    assert good in kept
    assert newest in kept
    assert previews.cached(session, function) == good
