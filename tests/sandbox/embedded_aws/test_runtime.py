"""Functions in the embedded Lambda: their environment and their errors."""

import json

import httpx

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


def test_a_function_that_cannot_be_imported_says_so(lab: Lab) -> None:
    resources = egress(lab.allocate())
    resources["Function"] = function("Private", "import no_such_module\n")
    stack = lab.deployed(resources, {"Name": {"Ref": "Function"}})
    answer = lab.clients.awslambda(lab.region).invoke(FunctionName=stack.outputs["Name"])
    told = json.loads(answer["Payload"].read())
    assert "no_such_module" in json.dumps(told), told


def test_nobody_else_takes_a_functions_event(lab: Lab) -> None:
    """The port where its process asks for events is open to who has the secret path only."""
    code = (
        "import os\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_RUNTIME_API']\n"
    )
    resources = egress(lab.allocate())
    resources["Function"] = function("Private", code)
    stack = lab.deployed(resources, {"Name": {"Ref": "Function"}})
    answer = lab.clients.awslambda(lab.region).invoke(FunctionName=stack.outputs["Name"])
    host, _, path = json.loads(answer["Payload"].read()).partition("/")
    following = "2018-06-01/runtime/invocation/next"
    url = f"http://{host}/{path}/{following}"
    assert httpx.get(f"http://{host}/{following}").status_code == 403
    assert httpx.get(f"http://{host}/x{path}/{following}").status_code == 403
    assert httpx.post(f"http://{host}/2018-06-01/runtime/init/error").status_code == 403
    assert httpx.get(url, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert httpx.get(url, headers={"host": "evil.example"}).status_code == 403
