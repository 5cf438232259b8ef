"""Change sets of the embedded CloudFormation, where ministack's differ from AWS's."""

import json
from typing import Any

from tests.sandbox.lab import Lab, subnet, unique, vpc


def test_a_resource_whose_condition_becomes_true_is_added(lab: Lab) -> None:
    client = lab.clients.cloudformation(lab.region)
    optional = subnet("10.50.0.0/24") | {"Condition": "WithSubnet"}
    body = json.dumps(
        {
            "Parameters": {"Wanted": {"Type": "String", "Default": "no"}},
            "Conditions": {"WithSubnet": {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]}},
            "Resources": vpc() | {"Optional": optional},
        }
    )
    stack_id = client.create_stack(StackName=unique("lab"), TemplateBody=body)["StackId"]
    lab.made.append(stack_id)
    lab.settled(stack_id)
    wanted: Any = [{"ParameterKey": "Wanted", "ParameterValue": "yes"}]
    change_set = client.create_change_set(
        StackName=stack_id,
        ChangeSetName=unique("change"),
        UsePreviousTemplate=True,
        Parameters=wanted,
    )["Id"]
    waiter = client.get_waiter("change_set_create_complete")
    waiter.wait(ChangeSetName=change_set, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    changes = client.describe_change_set(ChangeSetName=change_set)["Changes"]
    found = [change["ResourceChange"] for change in changes]
    assert [(c["Action"], c["LogicalResourceId"]) for c in found] == [("Add", "Optional")]
