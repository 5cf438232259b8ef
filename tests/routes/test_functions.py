"""Pages of functions, on an AWS that does not answer or by a script."""

from typing import Any

import pytest
from sqlmodel import Session, select

from tests.services.rows import a_snapshot, add, add_function
from webapp.models import Access, Function, Network, Proof, Snapshot


@pytest.fixture
def function(session: Session) -> Function:
    settings = {"location": "32000006", "limit": 10}
    return add_function(session, settings=settings, outputs={"FunctionName": "fun"})


def test_an_environment_is_asked_for_and_shown_and_comes_back_with_its_error(
    signed_in: Any, session: Session, function: Function
) -> None:
    assert 'name="environment"' in signed_in.get("/functions/new").text
    form = {"name": "web", "template": "clash_rankings", "network": "net", "key": "key"}
    answer = signed_in.post("/functions", data=form | {"environment": "Prod!"})
    assert answer.status_code == 422
    assert 'href="#environment"' in answer.text
    assert 'value="Prod!"' in answer.text
    function.environment = "staging"
    session.commit()
    assert "<dd>staging</dd>" in signed_in.get("/functions/fun").text


def test_origins_of_an_older_version_are_all_shown_with_what_works(
    signed_in: Any, session: Session, function: Function
) -> None:
    function.cors_origins = ["https://a.example", "https://b.example"]
    session.commit()
    page = signed_in.get("/functions/fun").text
    assert "https://a.example, https://b.example" in page
    assert "Only https://a.example works" in page


def test_a_signed_call_is_shown_with_the_region_of_its_network(
    signed_in: Any, session: Session, function: Function
) -> None:
    function.access, function.outputs = Access.IAM, {"EndpointUrl": "https://a.example/live/"}
    session.get_one(Network, function.network_id).region = "us-east-1"
    session.commit()
    assert "aws:amz:us-east-1:execute-api" in signed_in.get("/functions/fun").text


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff{", b"[" * 100_000, b'{"items": [{}]}'])
def test_whatever_body_was_stored_the_page_can_be_shown(
    signed_in: Any, session: Session, function: Function, body: bytes
) -> None:
    add(session, a_snapshot(function, body=body))
    for path in ("/functions/fun", "/", "/api/v1/functions/fun"):
        assert signed_in.get(path).status_code == 200


def test_what_aws_did_not_run_is_a_notice_and_no_failure(
    signed_in: Any, session: Session, function: Function
) -> None:
    network = session.get_one(Network, function.network_id)
    network.outputs = {"AvailabilityZones": "a", "ProbeFunctionNames": "probe"}
    session.commit()
    page = signed_in.post("/functions/fun/snapshots").text
    assert "Not fetched. While running the function fun" in page
    assert "Calls fail" not in page
    page = signed_in.post("/networks/net/proofs").text
    assert "Not tested. While running the function probe" in page
    assert "broken" not in page
    assert session.exec(select(Snapshot)).all() == []
    assert session.exec(select(Proof)).all() == []
