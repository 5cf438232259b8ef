"""Whole stacks in the embedded AWS: deployed, updated, looked at and called."""

import json
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.sandbox.lab import ANYWHERE, Lab, unique
from webapp.aws.cloudformation.stacks import Phase, Plan, Stack
from webapp.aws.cloudformation.templates import NetworkStack
from webapp.sandbox.launcher import Sandbox

REGION = "us-east-1"
ECHO_URL = "http://echo.sandbox:443"
PARTNER_URL = "http://api.clashofclans.sandbox:443"


def network_plan(
    allocation_ids: list[str], zones: int, nat: str, *, name: str = "", parked: bool = False
) -> Plan:
    return NetworkStack(
        prefix="lab",
        name=name or unique("n"),
        region=REGION,
        cidr="10.60.0.0/16",
        zones=tuple(f"{REGION}{letter}" for letter in "abc"[:zones]),
        nat=nat,
        allocation_ids=tuple(allocation_ids),
        echo_url=ECHO_URL,
        parked=parked,
    ).plan()


def deployed(lab: Lab, plan: Plan) -> Stack:
    """The stack of `plan`, once it is complete; the lab deletes it at the end."""
    stack_id = lab.stacks.create(plan, token=unique("token"))
    lab.made.append(stack_id)
    return _complete(lab, stack_id)


def updated(lab: Lab, stack: Stack, plan: Plan) -> Stack:
    lab.stacks.update(plan, stack.id, token=unique("token"))
    return _complete(lab, stack.id)


def probed(lab: Lab, stack: Stack) -> list[str]:
    """What each zone's probe says, in the order of the zones."""
    return [_probe(lab, name) for name in stack.outputs["ProbeFunctionNames"].split(",")]


def zones_of(lab: Lab, stack: Stack) -> list[str]:
    ids = stack.outputs["PrivateSubnetIds"].split(",")
    found = lab.clients.ec2(REGION).describe_subnets(SubnetIds=ids)["Subnets"]
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in found}
    return [zones[id] for id in ids]


def associated(lab: Lab, allocation_id: str) -> bool:
    ec2 = lab.clients.ec2(REGION)
    found = ec2.describe_addresses(AllocationIds=[allocation_id])["Addresses"][0]
    return "AssociationId" in found


def nat_routes(lab: Lab, stack: Stack) -> list[str]:
    """The NAT gateways that the network's routes to everywhere lead to."""
    filters: Any = [{"Name": "vpc-id", "Values": [stack.outputs["VpcId"]]}]
    tables = lab.clients.ec2(REGION).describe_route_tables(Filters=filters)["RouteTables"]
    routes = [route for table in tables for route in table["Routes"]]
    return [
        route["NatGatewayId"]
        for route in routes
        if route.get("DestinationCidrBlock") == ANYWHERE and "NatGatewayId" in route
    ]


def inventory(lab: Lab) -> dict[str, list[str]]:
    """All that a stack of ours can make in the region, by kind."""
    clients = lab.clients
    ec2, gateway = clients.ec2(REGION), clients.apigateway(REGION)
    kinds: dict[str, tuple[Any, str]] = {
        "VpcId": (ec2.describe_vpcs(), "Vpcs"),
        "SubnetId": (ec2.describe_subnets(), "Subnets"),
        "InternetGatewayId": (ec2.describe_internet_gateways(), "InternetGateways"),
        "RouteTableId": (ec2.describe_route_tables(), "RouteTables"),
        "GroupId": (ec2.describe_security_groups(), "SecurityGroups"),
        "VpcEndpointId": (ec2.describe_vpc_endpoints(), "VpcEndpoints"),
        "FunctionName": (clients.awslambda(REGION).list_functions(), "Functions"),
        "logGroupName": (clients.logs(REGION).describe_log_groups(), "logGroups"),
        "id": (gateway.get_rest_apis(), "items"),
    }
    found = {key: sorted(one[key] for one in answer[kind]) for key, (answer, kind) in kinds.items()}
    nat_gateways = ec2.describe_nat_gateways()["NatGateways"]
    found["api keys"] = sorted(key["id"] for key in gateway.get_api_keys()["items"])
    found["usage plans"] = sorted(plan["id"] for plan in gateway.get_usage_plans()["items"])
    found["nat gateways"] = [n["NatGatewayId"] for n in nat_gateways if n["State"] != "deleted"]
    return found


def endpoint(sandbox: Sandbox, stack: Stack) -> str:
    api, stage = stack.outputs["RestApiId"], stack.outputs["StageName"]
    return f"{sandbox.info.aws_endpoint}/_aws/execute-api/{api}/{stage}/"


def signature(sandbox: Sandbox, url: str) -> dict[str, str]:
    """The headers that sign a GET of `url` for API Gateway (Signature Version 4)."""
    request = AWSRequest("GET", url)
    info = sandbox.info
    credentials = Credentials(info.access_key_id, info.secret_access_key)
    SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    return dict(request.headers.items())


def _probe(lab: Lab, name: str) -> str:
    answer = lab.clients.awslambda(REGION).invoke(FunctionName=name)
    found = json.loads(answer["Payload"].read())
    return str(found.get("ip", found))


def _complete(lab: Lab, stack_id: str) -> Stack:
    stack = lab.settled(stack_id)
    assert stack.phase is Phase.DONE, lab.failures(stack_id)
    return stack
