"""What is stored of an answer, and what a failed one is taken for. Lambda's answers are stubs."""

from typing import Any

import pytest
from botocore.stub import Stubber
from sqlmodel import Session, select

from tests.aws.test_functions import lambda_answer
from tests.services.test_lists import add_network
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.models import Function, Snapshot, Status
from webapp.services.functions import previews

REGION = "eu-central-1"
PAGE = "<!DOCTYPE html><title>Access denied</title>"
NOT_ALLOWED = '{"reason": "accessDenied", "message": "Invalid authorization"}'


@pytest.fixture
def function(session: Session) -> Function:
    add_network(session, 0)
    made = session.exec(select(Function)).one()
    made.status, made.outputs = Status.READY, {"FunctionName": "f"}
    session.commit()
    return made


def fetched(session: Session, function: Function, answer: dict[str, Any]) -> Snapshot:
    clients = Clients("http://127.0.0.1:9", attempts=1)
    with Stubber(clients.awslambda(REGION)) as stub:
        stub.add_response("invoke", lambda_answer(answer))
        cloud = Cloud.connect(clients=clients)
        return previews.store_answer(session, cloud, function, region=REGION)


@pytest.mark.parametrize(
    ("headers", "addresses"),
    [
        ({"X-Egress-Ip": "203.0.0.1"}, "the address 203.0.0.1 and"),
        ({}, "the address 203.0.0.0, 203.0.0.1 and"),
    ],
)
def test_a_firewalls_page_gives_the_address_for_the_partner_and_does_not_blame_the_key(
    session: Session, function: Function, headers: dict[str, str], addresses: str
) -> None:
    answer = {"statusCode": 403, "headers": headers, "body": PAGE}
    failure = fetched(session, function, answer)
    assert "before the key was read" in failure.problem
    assert addresses in failure.remedy
    assert not previews.concerns_key(function, failure)


@pytest.mark.parametrize(("status", "concerns"), [(403, True), (401, True), (500, False)])
def test_a_key_that_was_read_and_refused_is_named_as_the_cause(
    session: Session, function: Function, status: int, concerns: bool
) -> None:
    failure = fetched(session, function, {"statusCode": status, "body": NOT_ALLOWED})
    assert previews.concerns_key(function, failure) is concerns
    assert not previews.concerns_key(function, None)
