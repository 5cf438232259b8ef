"""Functions in the embedded Lambda: their environment and their errors."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests import plain_http
from tests.dashboard import wait_for
from tests.sandbox.inside import KNOCK, READ, Inside, inside_of, private_to
from tests.sandbox.lab import Lab, function, role
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox

GIVEN_BY_LAMBDA = {
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
    "LANG",
    "LD_LIBRARY_PATH",
    "PATH",
    "TZ",
    "_HANDLER",
}
GIVEN_BY_THE_SANDBOX = {
    "AWS_DISABLE_HOST_PREFIX_INJECTION",
    "AWS_ENDPOINT_URL",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
}
WHERE_IT_RUNS = {"HOME", "LC_CTYPE", "PYTHONHOME", "TMPDIR"}
END_TIMEOUT_S = 10.0
BEGIN = """
import os, subprocess
child = subprocess.Popen(["sleep", "300"])
key, folder = os.environ["AWS_ACCESS_KEY_ID"], os.environ["TMPDIR"]
found = {"child": child.pid, "key": key, "folder": folder}
"""


def test_a_function_runs_in_the_environment_that_lambda_gives(
    inside: Inside, sandbox: Sandbox
) -> None:
    found = inside.run("import os; found = dict(os.environ)")
    own = {name.upper() if name.endswith("_proxy") else name for name in found}
    assert {"AWS_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "HTTP_PROXY"} <= own
    assert not own - GIVEN_BY_LAMBDA - GIVEN_BY_THE_SANDBOX - WHERE_IT_RUNS
    assert sandbox.info.secret_access_key not in json.dumps(found)
    assert str(sandbox.folder) not in json.dumps(found)


def test_an_error_of_a_function_has_the_shape_of_aws(inside: Inside) -> None:
    answer = inside.answer("1 / 0")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "ZeroDivisionError"


def test_a_function_that_cannot_be_imported_says_so(lab: Lab) -> None:
    broken = {"Role": role(), "Function": function(code="import no_such_module\n")}
    stack = lab.deployed(broken, {"Name": {"Ref": "Function"}})
    answer = lab.clients.awslambda(lab.region).invoke(FunctionName=stack.outputs["Name"])
    told = answer["Payload"].read().decode()
    assert "no_such_module" in told


def test_only_python_runs_since_nothing_else_is_confined(lab: Lab) -> None:
    other = {"Role": role(), "Function": function(code="exports.handler = () => process.env\n")}
    other["Function"]["Properties"]["Runtime"] = "nodejs22.x"
    stack = lab.deployed(other, {"Name": {"Ref": "Function"}})
    answer = lab.clients.awslambda(lab.region).invoke(FunctionName=stack.outputs["Name"])
    told = json.loads(answer["Payload"].read())
    assert told["errorType"] == "Runtime.InvalidRuntime"
    assert "in Python only, not in nodejs22.x" in told["errorMessage"]


def test_nobody_else_takes_a_functions_event(inside: Inside) -> None:
    """The port where its process asks for events is open to who has the secret path only."""
    api = inside.run("import os; found = os.environ['AWS_LAMBDA_RUNTIME_API']")
    host, _, path = api.partition("/")
    following = "2018-06-01/runtime/invocation/next"
    url = f"http://{host}/{path}/{following}"
    assert plain_http.get(f"http://{host}/{following}").status_code == 403
    assert plain_http.get(f"http://{host}/x{path}/{following}").status_code == 403
    assert plain_http.post(f"http://{host}/2018-06-01/runtime/init/error").status_code == 403
    assert plain_http.get(url, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert plain_http.get(url, headers={"host": "evil.example"}).status_code == 403


def test_an_environment_that_is_replaced_leaves_nothing(inside: Inside) -> None:
    before = inside.run(BEGIN)
    lambdas = inside.lab.clients.awslambda(inside.lab.region)
    lambdas.update_function_configuration(FunctionName=inside.arn, Timeout=11)
    after = inside.run(BEGIN)
    wait_for(lambda: not is_running(before["child"]), END_TIMEOUT_S)
    assert not Path(before["folder"]).exists()
    assert after["key"] != before["key"]


def test_an_environment_ends_with_the_stack_of_its_function(clients: Clients) -> None:
    with inside_of(clients) as own:
        begun = own.run(BEGIN)
    wait_for(lambda: not is_running(begun["child"]), END_TIMEOUT_S)
    assert not Path(begun["folder"]).exists()


def is_running(pid: int) -> bool:
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False)
    return shown.stdout.strip()[:1] not in (b"", b"Z")


def test_a_function_reads_nothing_of_the_sandboxs(inside: Inside, sandbox: Sandbox) -> None:
    """Neither its files, nor what its processes have in mind."""
    folders = [sandbox.folder, sandbox.folder / "aws"]
    files = [sandbox.folder / name for name in ("sandbox.json", "aws/state.json")]
    processes = [child.pid for child in sandbox.children.values()]
    paths = [path for pid in processes for path in private_to(pid)]
    found = inside.run(READ, paths=[*map(str, [*folders, *files]), *paths])
    assert found["read"] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_function_is_another_user_who_gets_in_nowhere(inside: Inside, sandbox: Sandbox) -> None:
    assert inside.run(READ, paths=[])["user"] not in (0, os.getuid())
    ports = json.loads((sandbox.folder / "ports.json").read_text())
    portal = f"http://127.0.0.1:{ports['partner']}/api/apikey/create"
    urls = [f"http://127.0.0.1:{ports[name]}/" for name in ("embedded_aws", "nat")]
    assert inside.run(KNOCK, urls=[*urls, portal]) == [403, 403, 403]
