"""A trace goes through the network first, and to the function only when the network is whole."""

from typing import Any

from tests.aws.deployment import REGION, deployed, nat_routes, network_plan
from tests.sandbox.lab import ANYWHERE, Lab
from webapp.aws.cloudformation.stacks import Stack
from webapp.aws.egress.adapter import Egress
from webapp.aws.egress.hops import FUNCTION_HOPS, HOPS, EgressPath


def trace(lab: Lab, stack: Stack, function: str = "") -> EgressPath:
    return Egress(lab.clients).trace(
        REGION,
        function=function or stack.outputs["ProbeFunctionNames"],
        subnet_id=stack.outputs["PrivateSubnetIds"],
        group_ids=[stack.outputs["SecurityGroupId"]],
    )


def names(path: EgressPath) -> tuple[str, ...]:
    return tuple(hop.name for hop in path.hops)


def test_a_whole_path_passes_the_network_and_the_function(lab: Lab) -> None:
    allocation_id = lab.allocate()
    stack = deployed(lab, network_plan([allocation_id], 1, "single"))
    whole = trace(lab, stack)
    assert names(whole) == HOPS + FUNCTION_HOPS
    assert (whole.broken, whole.source_address) == (None, lab.address(allocation_id))

    without_function = trace(lab, stack, function="never-made")
    assert names(without_function) == (*HOPS, "function")
    assert without_function.broken is without_function.hops[-1]

    (nat_id,) = nat_routes(lab, stack)
    ec2: Any = lab.clients.ec2(REGION)
    leads_there = [{"Name": "route.nat-gateway-id", "Values": [nat_id]}]
    for table in ec2.describe_route_tables(Filters=leads_there)["RouteTables"]:
        if any(route.get("NatGatewayId") == nat_id for route in table["Routes"]):
            ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=ANYWHERE)
    assert names(trace(lab, stack)) == HOPS[: HOPS.index("route table") + 1]
