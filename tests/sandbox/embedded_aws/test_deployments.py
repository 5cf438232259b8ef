"""A stage answers by its deployment, not by what the API is meanwhile changed to."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import plain_http
from tests.sandbox.lab import Lab, ref
from tests.sandbox.mock_api import mock_api
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox

REGION = "eu-west-1"


@pytest.fixture
def lab(clients: Clients) -> Iterator[Lab]:
    made = Lab(clients, REGION)
    yield made
    made.clean_up()


def test_a_changed_api_is_served_once_it_is_deployed(lab: Lab, sandbox: Sandbox) -> None:
    api_id = lab.deployed(mock_api(), {"Api": ref("Api")}).outputs["Api"]
    url = f"{sandbox.info.aws_endpoint}/_aws/execute-api/{api_id}/live/"
    gateway: Any = lab.clients.apigateway(REGION)
    (root,) = gateway.get_resources(restApiId=api_id)["items"]
    method = {"restApiId": api_id, "resourceId": root["id"], "httpMethod": "GET"}
    gateway.delete_method(**method)
    assert plain_http.get(url).status_code == 200
    gateway.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
    assert plain_http.get(url).status_code == 200, "which has no integration now"
    gateway.put_integration(**method, type="MOCK")
    deployment = gateway.create_deployment(restApiId=api_id)["id"]
    assert plain_http.get(url).status_code == 200
    served = {"op": "replace", "path": "/deploymentId", "value": deployment}
    gateway.update_stage(restApiId=api_id, stageName="live", patchOperations=[served])
    assert plain_http.get(url).status_code == 403
    gateway.create_resource(restApiId=api_id, parentId=root["id"], pathPart="below")
    assert plain_http.get(f"{url}below").json() == {"message": "Missing Authentication Token"}
