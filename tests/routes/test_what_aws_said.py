"""Whatever AWS says in a stack's events, its advice is on the page and in the API."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.fast import thorough
from tests.inside import DirectClient
from tests.routes.conftest import HOST
from tests.routes.people import bearer, sign_in
from tests.services.rows import a_function, a_key, a_network, add
from tests.services.scripted import STACK_ID, ScriptedAws, a_stack
from webapp.models import Function, Network, Status
from webapp.scope import CloudScope
from webapp.services.engine import leases
from webapp.services.engine.teardown import ATTEMPTS_MAX
from webapp.services.functions.operation import THROTTLED_ATTEMPTS_MAX, FunctionOperation
from webapp.services.networks.operation import NetworkOperation
from webapp.settings import Settings

DATA = Path(__file__).parents[1] / "aws" / "answers"
SAID = json.loads((DATA / "messages.json").read_text())
OF_NETWORKS = "AWS::EC2::"
Event = dict[str, str]
ECHO = "Resource creation cancelled"
AT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def aws(scripted_aws: ScriptedAws) -> ScriptedAws:
    scripted_aws.reset()
    return scripted_aws


@pytest.fixture
def client(app: FastAPI, aws: ScriptedAws) -> tuple[Any, dict[str, str]]:
    """A page's client that is signed in, and the API's headers."""
    app.state.parts = replace(app.state.parts, cloud=aws.cloud)
    client = DirectClient(app, base_url=HOST)
    sign_in(client, app)
    return client, bearer(app)


def step(
    scope: CloudScope, aws: ScriptedAws, row: Network | Function, stack: str, *events: Event
) -> None:
    """One step of the row's operation, on a stack of that status which sent these events."""
    newest_first = [
        {
            "EventId": f"{row.id}-{number}",
            "ClientRequestToken": row.operation_id,
            "Timestamp": AT,
            **event,
        }
        for number, event in enumerate(events)
    ][::-1]
    aws.reset()
    aws.answers |= {
        "DescribeStacks": a_stack(stack),
        "DescribeStackEvents": {"StackEvents": newest_first},
        "DescribeStackResources": {"StackResources": []},
        "DescribeNetworkInterfaces": {"NetworkInterfaces": []},
    }
    work = leases.begin(scope.session, row.owner)
    assert work is not None
    kind: Any = NetworkOperation if isinstance(row, Network) else FunctionOperation
    kind(work, row, scope.own, scope.settings).advance()


def failure(logical_id: str, reason: str, said: Any) -> Event:
    return {
        "LogicalResourceId": logical_id,
        "ResourceType": said["type"],
        "ResourceStatus": "DELETE_FAILED" if said["deleting"] else "CREATE_FAILED",
        "ResourceStatusReason": reason,
    }


def rows(session: Session, number: int, said: Any) -> Network | Function:
    """A network, or a function, in its last attempt."""
    of_function = not said["type"].startswith(OF_NETWORKS)
    columns: dict[str, Any] = {
        "status": Status.DELETING if said["deleting"] else Status.CREATING,
        "stack_id": STACK_ID,
        "attempts": THROTTLED_ATTEMPTS_MAX,
    }
    if said["deleting"]:
        columns |= {"attempts": 0, "attempts_max": -ATTEMPTS_MAX}
    cidr = f"10.{number}.0.0/16"
    network = a_network(f"net-{number}", cidr=cidr, **({} if of_function else columns))
    key = a_key(f"key-{number}", cidrs=())
    add(session, network, key)
    if not of_function:
        return network
    settings = {"location": "32000006", "limit": 10}
    function = a_function(network, key, f"fun-{number}", settings=settings, **columns)
    add(session, function)
    return function


@thorough("every message")
def test_each_message_shows_its_advice_on_the_page_and_in_the_api(
    client: tuple[Any, dict[str, str]], session: Session, settings: Settings, aws: ScriptedAws
) -> None:
    browser, headers = client
    scope = CloudScope(session, "tests", aws.cloud, settings)
    for number, said in enumerate(SAID):
        row = rows(session, number, said)
        events = [failure("Probe1", said["message"], said), failure("Vpc", ECHO, said)]
        step(scope, aws, row, "DELETE_FAILED" if said["deleting"] else "ROLLBACK_COMPLETE", *events)
        assert row.status is Status.FAILED, row.reason
        path = f"/{row.noun}s/{row.name}"
        shown = browser.get(f"/api/v1{path}", headers=headers).json()
        page = " ".join(unescape(browser.get(path).text).split())
        for word in said["words"]:
            assert word in shown["remedy"], said
            assert word in page, said
        assert said["message"] in shown["reason"]
        assert ECHO not in shown["reason"]
        assert "does not go on automatically" in page


def test_the_long_rollback_of_a_creation_is_told_on_the_page_and_in_the_api(
    client: tuple[Any, dict[str, str]], session: Session, settings: Settings, aws: ScriptedAws
) -> None:
    browser, headers = client
    network = a_network("net", status=Status.CREATING, stack_id=STACK_ID)
    add(session, network)
    cause = failure("NatGateway1", "No more (Service: Ec2)", {"type": "", "deleting": False})
    wait = cause | {
        "LogicalResourceId": "Probe1",
        "ResourceStatus": "DELETE_IN_PROGRESS",
        "ResourceStatusReason": "CloudFormation is waiting for NetworkInterfaces associated with "
        "the Lambda Function to be cleaned up.",
    }
    scope = CloudScope(session, "tests", aws.cloud, settings)
    step(scope, aws, network, "ROLLBACK_IN_PROGRESS", cause, wait)
    shown = browser.get("/api/v1/networks/net", headers=headers).json()
    page = unescape(browser.get("/networks/net").text)
    assert shown["status"] == "creating"
    assert "because NatGateway1 failed: No more (Service: Ec2)." in shown["reason"]
    for text in (page, shown["remedy"]):
        assert "20 to 40 minutes" in text


def test_a_drift_detection_that_failed_is_not_in_sync_on_the_page_and_in_the_api(
    client: tuple[Any, dict[str, str]], session: Session, aws: ScriptedAws
) -> None:
    browser, headers = client
    add(session, a_network("net", stack_id=STACK_ID))
    made = [
        {"LogicalResourceId": id, "PhysicalResourceId": id, "ResourceStatus": "CREATE_COMPLETE"}
        for id in ("Vpc", "SecurityGroup", "InternetGateway", "PublicRouteTable", "S3Endpoint")
    ]
    reason = "Access denied for operation 'logs:DescribeLogGroups'."
    aws.answers |= {
        "DescribeStacks": a_stack("CREATE_COMPLETE"),
        "DetectStackDrift": {"StackDriftDetectionId": "d"},
        "DescribeStackDriftDetectionStatus": {
            "DetectionStatus": "DETECTION_FAILED",
            "DetectionStatusReason": reason,
        },
        "DescribeStackResourceDrifts": {"StackResourceDrifts": []},
        "DescribeStackResources": {"StackResources": made},
        "DescribeAddresses": {"Addresses": []},
        "DescribeRouteTables": {"RouteTables": []},
        "DescribeSecurityGroups": {"SecurityGroups": []},
        "DescribeVpcAttribute": {
            "EnableDnsSupport": {"Value": True},
            "EnableDnsHostnames": {"Value": True},
        },
        "DescribeVpcs": {"Vpcs": []},
        "DescribeNetworkAcls": {"NetworkAcls": []},
        "DescribeSubnets": {"Subnets": []},
        "DescribeNatGateways": {"NatGateways": []},
        "DescribeEgressOnlyInternetGateways": {"EgressOnlyInternetGateways": []},
    }
    told = browser.post("/api/v1/networks/net/drift", headers=headers).json()
    assert not told["in_sync"]
    assert reason.rstrip(".") in told["stack"]["problem"]
    assert "Allow logs:DescribeLogGroups in" in told["stack"]["problem"]
    page = unescape(browser.post("/networks/net/drift").text)
    assert reason.rstrip(".") in page
    assert "Allow logs:DescribeLogGroups in" in page
