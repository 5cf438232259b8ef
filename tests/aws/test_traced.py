"""Spans of calls to AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.services.scripted import ScriptedAws, refusal
from tests.spans import attributes, is_part, kept
from webapp.aws.clients import Clients
from webapp.telemetry import spans

REGION = "eu-west-3"


def test_a_call_is_a_span_with_what_aws_calls_it_and_none_of_its_arguments() -> None:
    with kept() as in_memory:
        aws = ScriptedAws()
        told = {"RequestId": "id-1", "HTTPStatusCode": 200, "RetryAttempts": 2}
        aws.answers["DescribeVpcs"] = {"Vpcs": [], "ResponseMetadata": told}
        aws.clients.ec2(REGION).describe_vpcs(VpcIds=["vpc-argument"])
        span = in_memory.one("EC2/DescribeVpcs")
        assert attributes(span) == {
            "rpc.system": "aws-api",
            "rpc.service": "EC2",
            "rpc.method": "DescribeVpcs",
            "cloud.region": REGION,
            "aws.request_id": "id-1",
            "http.response.status_code": 200,
            "http.request.resend_count": 2,
        }
        assert "vpc-argument" not in in_memory.text


def test_what_aws_refuses_or_does_not_answer_is_an_error_by_its_code() -> None:
    with kept() as in_memory:
        aws = ScriptedAws()
        aws.answers["CreateSecret"] = refusal("AccessDenied", "of a secret")
        client: Any = aws.clients.secretsmanager(REGION)
        with pytest.raises(ClientError):
            client.create_secret(Name="s", SecretString="of a secret")
        with pytest.raises(EndpointConnectionError):
            client.list_secrets()
        refused, unanswered = in_memory.all
    assert refused.name == "Secrets Manager/CreateSecret"
    assert attributes(refused)["error.type"] == "AccessDenied"
    assert attributes(unanswered)["error.type"] == "EndpointConnectionError"
    assert "of a secret" not in in_memory.text


def test_calls_in_parallel_are_parts_of_what_waits_for_them(offline: Clients) -> None:
    with kept() as in_memory:
        assert spans.active
        tracing = spans.active
        with tracing.step("network"), offline.threads() as pool:
            list(pool.map(lambda name: tracing.call(name, {}).end({}), ["a", "b"]))
    *calls, step = in_memory.all
    assert [is_part(call, step) for call in calls] == [True, True]
