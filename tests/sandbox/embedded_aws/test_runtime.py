"""Functions in the embedded Lambda: their environment and their errors."""

import json

from tests.sandbox.lab import Lab, egress, function


def test_a_function_runs_in_a_clean_environment(lab: Lab) -> None:
    code = "import os\ndef handler(event, context):\n    return sorted(os.environ)\n"
    resources = egress(lab.allocate())
    resources["Function"] = function("Private", code)
    stack = lab.deployed(resources, {"Name": {"Ref": "Function"}})
    answer = lab.clients.awslambda(lab.region).invoke(FunctionName=stack.outputs["Name"])
    names = json.loads(answer["Payload"].read())
    assert {"AWS_REGION", "AWS_ENDPOINT_URL", "HTTP_PROXY"} <= set(names)
    assert not [name for name in names if name.startswith(("EMBEDDED_AWS_", "MINISTACK_"))]


def test_an_error_of_a_function_has_the_shape_of_aws(lab: Lab) -> None:
    resources = egress(lab.allocate())
    resources["Function"] = function("Private", "def handler(event, context):\n    1 / 0\n")
    stack = lab.deployed(resources, {"Name": {"Ref": "Function"}})
    answer = lab.clients.awslambda(lab.region).invoke(FunctionName=stack.outputs["Name"])
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "ZeroDivisionError"
