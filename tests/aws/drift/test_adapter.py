"""Drift of a whole network in the embedded AWS: compared, restored, checked by CloudFormation."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws.deployment import REGION, deployed, network_plan
from tests.sandbox.lab import ANYWHERE, Lab
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.stacks import Stack
from webapp.aws.drift.adapter import Drift
from webapp.aws.drift.detection import Detection
from webapp.aws.drift.difference import Difference

ZONE = f"{REGION}a"


@pytest.fixture(scope="module")
def made(clients: Clients) -> Iterator[tuple[Stack, str]]:
    """A network of one zone, and the id of its address."""
    lab = Lab(clients, REGION)
    allocation_id = lab.allocate()
    yield deployed(lab, network_plan([allocation_id], 1, "single")), allocation_id
    lab.clean_up()


def differences(clients: Clients, made: tuple[Stack, str]) -> list[Difference]:
    stack, allocation_id = made
    return Drift(clients).differences(
        REGION, stack.id, zones=[ZONE], allocation_ids=[allocation_id], functions=[]
    )


def test_a_new_network_is_as_it_was_made(clients: Clients, made: tuple[Stack, str]) -> None:
    drift, stack = Drift(clients), made[0]
    assert differences(clients, made) == []
    assert drift.check(REGION, stack.id) == Detection(done=True)
    checked = drift.last_check(REGION, stack.id)
    assert (checked.status, checked.differences) == ("IN_SYNC", [])
    assert checked.at


def test_what_can_be_restored_is_and_the_rest_says_what_to_do(
    clients: Clients, made: tuple[Stack, str]
) -> None:
    ec2: Any = clients.ec2(REGION)
    probe = made[0].outputs["ProbeFunctionNames"]
    here = [{"Name": "vpc-id", "Values": [made[0].outputs["VpcId"]]}]
    for table in ec2.describe_route_tables(Filters=here)["RouteTables"]:
        if any(route.get("NatGatewayId") for route in table["Routes"]):
            ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=ANYWHERE)
    clients.awslambda(REGION).delete_function(FunctionName=probe)
    found = {difference.what: difference for difference in differences(clients, made)}
    assert set(found) == {f"Default route of {ZONE}", f"Probe of {ZONE}"}
    assert "deleted outside Egret" in found[f"Probe of {ZONE}"].by_hand
    for difference in found.values():
        Drift(clients).restore(REGION, difference)
    assert [difference.what for difference in differences(clients, made)] == [f"Probe of {ZONE}"]
