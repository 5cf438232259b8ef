"""A caller's key and usage plan, in the embedded API Gateway."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from tests import plain_http
from tests.sandbox.lab import Lab, ref, unique
from tests.sandbox.mock_api import mock_api
from webapp.aws.callers import ApiKey, Callers, CallLimits
from webapp.aws.clients import Clients
from webapp.aws.errors import NotReached, QuotaExceeded
from webapp.sandbox.launcher import Sandbox

REGION = "eu-west-3"
LIMITS = CallLimits(rate=50.0, burst=100, quota=1000)


@pytest.fixture(scope="module")
def api(clients: Clients) -> Iterator[str]:
    """The id of an API that asks for a key."""
    lab = Lab(clients, REGION)
    yield lab.deployed(mock_api(ApiKeyRequired=True), {"Api": ref("Api")}).outputs["Api"]
    lab.clean_up()


def test_a_key_opens_the_endpoint_from_its_admission_to_its_deletion(
    clients: Clients, sandbox: Sandbox, api: str
) -> None:
    callers, name = Callers(clients), unique("caller")
    url = f"{sandbox.info.aws_endpoint}/_aws/execute-api/{api}/live/"

    def status() -> int:
        return plain_http.get(url, headers={"x-api-key": key.value}).status_code

    plan_id = callers.create_plan(REGION, name, LIMITS, endpoint=(api, "live"), tags={"a": "b"})
    key = callers.create_key(REGION, name, tags={"a": "b"})
    assert status() == 403
    callers.admit(REGION, plan_id, key.id)
    assert status() == 200
    assert callers.key_ids(REGION, name) == [key.id]
    assert callers.plan_ids(REGION, name) == [plan_id]
    assert callers.key_ids(REGION, name[:-1]) == callers.plan_ids(REGION, name[:-1]) == []

    today = datetime.now(UTC).date()
    yesterday = today - timedelta(1)
    assert callers.usage(REGION, plan_id, yesterday, today) == {yesterday: 0, today: 1}
    fewer = CallLimits(rate=0.5, burst=1, quota=7)
    assert callers.limits(REGION, plan_id) == LIMITS
    callers.set_limits(REGION, plan_id, fewer)
    assert callers.limits(REGION, plan_id) == fewer

    for _ in range(2):
        callers.delete_key(REGION, key.id)
        callers.delete_plan(REGION, plan_id)
    assert status() == 403
    assert callers.key_ids(REGION, name) == callers.plan_ids(REGION, name) == []
    assert callers.limits(REGION, plan_id) is None


def test_a_quota_of_the_account_is_named_with_its_page(offline: Clients) -> None:
    with Stubber(offline.apigateway_without_retries(REGION)) as stub:
        stub.add_client_error("create_api_key", "LimitExceededException", "exceeded", 429)
        with pytest.raises(QuotaExceeded, match="no more API keys") as refused:
            Callers(offline).create_key(REGION, "name", tags={})
        stub.add_client_error("create_api_key", "TooManyRequestsException", "slow down", 429)
        with pytest.raises(NotReached):
            Callers(offline).create_key(REGION, "name", tags={})
    assert "10,000 API keys" in refused.value.remedy
    assert f"{REGION}.console.aws.amazon.com/servicequotas" in refused.value.remedy


def test_a_key_is_in_no_log() -> None:
    assert "secret" not in repr(ApiKey("id", "secret"))
