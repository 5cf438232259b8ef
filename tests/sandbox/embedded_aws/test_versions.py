"""Versions of functions: each keeps its code, and one that is deleted ends its calls first."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.dashboard import wait_for
from tests.sandbox.lab import Lab, function, ref, role, unique
from webapp.aws.cloudformation.stacks import Phase, Plan

SLOW = """import time
def handler(event, context):
    time.sleep(event.get("s", 0))
    return "{}"
"""


def plan(lab: Lab, name: str, code: str) -> Plan:
    resources: dict[str, Any] = {
        "Role": role(),
        "Function": function(code=SLOW.format(code)),
        f"Version{code}": {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": ref("Function")},
        },
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": ref("Function"),
                "FunctionVersion": {"Fn::GetAtt": [f"Version{code}", "Version"]},
            },
        },
    }
    body = {"Resources": resources, "Outputs": {"Name": {"Value": ref("Function")}}}
    return Plan(lab.region, name, json.dumps(body), {}, {})


def test_a_call_of_the_old_version_ends_although_another_takes_its_place(lab: Lab) -> None:
    name, awslambda = unique("versions"), lab.clients.awslambda(lab.region)
    stack_id = lab.stacks.create(plan(lab, name, "old"), token=unique("token"))
    lab.made.append(stack_id)
    stack = lab.settled(stack_id)
    assert stack.phase is Phase.DONE, lab.failures(stack_id)
    called = stack.outputs["Name"]

    def call(seconds: float = 0) -> Any:
        event = json.dumps({"s": seconds}).encode()
        answer = awslambda.invoke(FunctionName=called, Qualifier="live", Payload=event)
        return json.loads(answer["Payload"].read())

    def versions() -> list[str]:
        found = awslambda.list_versions_by_function(FunctionName=called)["Versions"]
        return [each["Version"] for each in found]

    assert (call(), versions()) == ("old", ["$LATEST", "1"])
    found = awslambda.get_function_configuration(FunctionName=called, Qualifier="live")
    assert (found["Version"], found["State"]) == ("1", "Active")
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(call, 1.5)
        wait_for(lambda: not slow.done(), 1)
        lab.stacks.update(plan(lab, name, "new"), stack_id, token=unique("token"))
        wait_for(lambda: call() == "new", 10)
        assert not slow.done()
        assert "1" in versions()
        assert slow.result() == "old"
    assert lab.settled(stack_id).phase is Phase.DONE
    assert versions() == ["$LATEST", "2"]
