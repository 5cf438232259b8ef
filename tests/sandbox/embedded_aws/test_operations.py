"""The embedded AWS's contract, in AWS's terms: what our plug-in must go on doing."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import ADDRESS_QUOTA
from tests.sandbox.lab import Lab, egress, function, subnet, unique, vpc
from webapp.aws.cloudformation.stacks import Phase
from webapp.errors import Conflict


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


# --- Addresses and NAT gateways ---------------------------------------------------------------


def test_an_address_is_found_by_its_tag_and_its_ip(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    tag: Any = {"ResourceType": "elastic-ip", "Tags": [{"Key": "who", "Value": unique("me")}]}
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=[tag])
    lab.addresses.append(made["AllocationId"])
    by_tag: Any = [{"Name": "tag:who", "Values": [tag["Tags"][0]["Value"]]}]
    by_ip: Any = [{"Name": "public-ip", "Values": [made["PublicIp"]]}]
    for filters in (by_tag, by_ip):
        found = ec2.describe_addresses(Filters=filters)["Addresses"]
        assert [address["AllocationId"] for address in found] == [made["AllocationId"]]


def test_no_two_addresses_are_alike_and_a_released_one_can_be_had_again(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    first, second = lab.allocate(), lab.allocate()
    ip = lab.address(first)
    assert ip != lab.address(second)
    ec2.release_address(AllocationId=first)
    lab.addresses.remove(first)
    again = ec2.allocate_address(Domain="vpc", Address=ip)
    lab.addresses.append(again["AllocationId"])
    assert again["PublicIp"] == ip


def test_the_quota_of_addresses_is_enforced(lab: Lab) -> None:
    there = lab.clients.ec2(lab.region).describe_addresses()["Addresses"]
    for _ in range(ADDRESS_QUOTA - len(there)):
        lab.allocate()
    with pytest.raises(ClientError) as error:
        lab.clients.ec2(lab.region).allocate_address(Domain="vpc")
    assert code_of(error) == "AddressLimitExceeded"


def test_a_nat_gateway_holds_its_address_until_it_is_deleted(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    allocation = lab.allocate()
    stack = lab.deployed(egress(allocation), {"Nat": {"Ref": "Nat"}})
    (nat,) = ec2.describe_nat_gateways(NatGatewayIds=[stack.outputs["Nat"]])["NatGateways"]
    assert nat["State"] == "available"
    assert nat["NatGatewayAddresses"][0]["PublicIp"] == lab.address(allocation)
    with pytest.raises(ClientError) as error:
        ec2.release_address(AllocationId=allocation)
    assert code_of(error) == "InvalidIPAddress.InUse"
    lab.deleted(stack.id)
    assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]


def test_a_client_token_makes_a_nat_gateway_once(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    stack = lab.deployed(vpc() | {"Public": subnet("10.50.0.0/24")}, {"Id": {"Ref": "Public"}})
    wanted: Any = {"SubnetId": stack.outputs["Id"], "AllocationId": lab.allocate()}
    token = unique("token")
    made = [ec2.create_nat_gateway(**wanted, ClientToken=token)["NatGateway"] for _ in range(2)]
    assert len({nat["NatGatewayId"] for nat in made}) == 1
    blocked = lab.deleted(stack.id)
    assert blocked.status == "DELETE_FAILED"
    assert any("DependencyViolation" in event.reason for event in lab.failures(stack.id))
    ec2.delete_nat_gateway(NatGatewayId=made[0]["NatGatewayId"])
    _wait_until_deleted(lab, made[0]["NatGatewayId"])
    assert lab.deleted(stack.id).phase is Phase.GONE


def test_a_tags_only_update_keeps_the_nat_gateway(lab: Lab) -> None:
    resources = egress(lab.allocate())
    stack = lab.deployed(resources, {"Nat": {"Ref": "Nat"}})
    resources["Nat"]["Properties"]["Tags"] = [{"Key": "Name", "Value": "renamed"}]
    body = json.dumps({"Resources": resources, "Outputs": {"Nat": {"Value": {"Ref": "Nat"}}}})
    client = lab.clients.cloudformation(lab.region)
    client.update_stack(StackName=stack.name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    updated = lab.settled(stack.id)
    assert updated.status == "UPDATE_COMPLETE"
    assert updated.outputs["Nat"] == stack.outputs["Nat"]


def test_a_tags_only_update_keeps_the_address_of_a_stack(lab: Lab) -> None:
    resources: dict[str, Any] = {"Ip": {"Type": "AWS::EC2::EIP", "Properties": {}}}
    outputs: dict[str, Any] = {"Ip": {"Ref": "Ip"}}
    stack = lab.deployed(resources, outputs)
    resources["Ip"]["Properties"]["Tags"] = [{"Key": "Name", "Value": "renamed"}]
    body = json.dumps({"Resources": resources, "Outputs": {"Ip": {"Value": outputs["Ip"]}}})
    lab.clients.cloudformation(lab.region).update_stack(StackName=stack.name, TemplateBody=body)
    assert lab.settled(stack.id).outputs["Ip"] == stack.outputs["Ip"]
    named: Any = [{"Name": "tag:Name", "Values": ["renamed"]}]
    found = lab.clients.ec2(lab.region).describe_addresses(Filters=named)["Addresses"]
    assert [address["PublicIp"] for address in found] == [stack.outputs["Ip"]]


def test_a_reference_to_a_secret_is_its_arn(lab: Lab) -> None:
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "x"}}
    stack = lab.deployed({"Secret": secret}, {"Ref": {"Ref": "Secret"}})
    assert stack.outputs["Ref"].startswith("arn:aws:secretsmanager:")
    client = lab.clients.secretsmanager(lab.region)
    assert client.describe_secret(SecretId=stack.outputs["Ref"])["ARN"] == stack.outputs["Ref"]


def test_an_update_that_changes_nothing_says_so(lab: Lab) -> None:
    plan = lab.plan(vpc())
    stack_id = lab.stacks.create(plan, token=unique("token"))
    lab.made.append(stack_id)
    lab.settled(stack_id)
    with pytest.raises(ClientError, match="No updates are to be performed"):
        lab.clients.cloudformation(lab.region).update_stack(
            StackName=stack_id, TemplateBody=plan.body
        )


def test_a_stack_that_was_rolled_back_cannot_be_updated(lab: Lab) -> None:
    plan = lab.plan(vpc() | {"Bad": subnet("10.99.0.0/24")})
    stack_id = lab.stacks.create(plan, token=unique("token"))
    lab.made.append(stack_id)
    assert lab.settled(stack_id).status == "ROLLBACK_COMPLETE"
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE"):
        lab.clients.cloudformation(lab.region).update_stack(
            StackName=stack_id, TemplateBody=lab.plan(vpc()).body
        )


def test_a_route_to_a_deleted_nat_gateway_is_a_black_hole(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    stack = lab.deployed(
        egress(lab.allocate()), {"Nat": {"Ref": "Nat"}, "Table": {"Ref": "PrivateTable"}}
    )
    ec2.delete_nat_gateway(NatGatewayId=stack.outputs["Nat"])
    (table,) = ec2.describe_route_tables(RouteTableIds=[stack.outputs["Table"]])["RouteTables"]
    assert "blackhole" in [route.get("State") for route in table["Routes"]]


# --- What EC2 refuses -----------------------------------------------------------------------


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "10.0.0.0/29"])
def test_a_vpc_of_a_wrong_size_is_refused(lab: Lab, cidr: str) -> None:
    with pytest.raises(ClientError) as error:
        lab.clients.ec2(lab.region).create_vpc(CidrBlock=cidr)
    assert code_of(error) == "InvalidVpc.Range"


def test_a_subnet_outside_its_vpc_or_over_another_is_refused(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    stack = lab.deployed(vpc() | {"Public": subnet("10.50.0.0/24")}, {"Vpc": {"Ref": "Vpc"}})
    for cidr, code in (
        ("10.51.0.0/24", "InvalidSubnet.Range"),
        ("10.50.0.0/25", "InvalidSubnet.Conflict"),
    ):
        with pytest.raises(ClientError) as error:
            ec2.create_subnet(VpcId=stack.outputs["Vpc"], CidrBlock=cidr)
        assert code_of(error) == code


def test_a_dry_run_changes_nothing(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    before = len(ec2.describe_addresses()["Addresses"])
    with pytest.raises(ClientError) as error:
        ec2.allocate_address(Domain="vpc", DryRun=True)
    assert code_of(error) == "DryRunOperation"
    assert len(ec2.describe_addresses()["Addresses"]) == before


# --- Stacks ---------------------------------------------------------------------------------


def test_each_resource_has_its_events_and_they_carry_the_token(lab: Lab) -> None:
    token = unique("token")
    stack = lab.settled(lab.create(vpc(), token=token))
    events = lab.stacks.events(lab.region, stack.id)
    told = [(event.logical_id, event.status) for event in events if event.logical_id == "Vpc"]
    assert told == [("Vpc", "CREATE_IN_PROGRESS"), ("Vpc", "CREATE_COMPLETE")]
    assert {event.token for event in events} == {token}


def test_the_same_token_is_the_same_stack_and_another_is_a_conflict(lab: Lab) -> None:
    plan, token = lab.plan(vpc()), unique("token")
    stack_id = lab.stacks.create(plan, token=token)
    lab.made.append(stack_id)
    assert lab.stacks.create(plan, token=token) == stack_id
    with pytest.raises(Conflict):
        lab.stacks.create(plan, token=unique("token"))
    lab.settled(stack_id)


def test_a_failed_creation_leaves_nothing_and_tells_the_reason(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    before = len(ec2.describe_vpcs()["Vpcs"])
    stack = lab.settled(lab.create(vpc() | {"Bad": subnet("10.99.0.0/24")}))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "InvalidSubnet.Range" in lab.failures(stack.id)[0].reason
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_a_stack_that_is_deleted_while_it_is_made_leaves_nothing(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    before = len(ec2.describe_vpcs()["Vpcs"])
    stack_id = lab.create(egress(lab.allocate()))
    assert lab.deleted(stack_id).phase is Phase.GONE
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_a_deleted_stack_can_be_described_by_its_arn_only(lab: Lab) -> None:
    stack = lab.deployed(vpc())
    lab.deleted(stack.id)
    by_arn = lab.stacks.describe(lab.region, stack.id)
    assert by_arn is not None
    assert by_arn.phase is Phase.GONE
    assert lab.stacks.describe(lab.region, stack.name) is None


def test_a_function_without_its_role_is_refused(lab: Lab) -> None:
    resources = egress(lab.allocate())
    resources["Function"]["Properties"]["Role"] = "arn:aws:iam::210987654321:role/missing"
    stack = lab.settled(lab.create(resources))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "cannot be assumed" in lab.failures(stack.id)[0].reason


def test_a_function_keeps_its_vpc(lab: Lab) -> None:
    outputs = {"Name": {"Ref": "Function"}, "Vpc": {"Ref": "Vpc"}, "Subnet": {"Ref": "Private"}}
    stack = lab.deployed(egress(lab.allocate()), outputs)
    awslambda = lab.clients.awslambda(lab.region)
    found = awslambda.get_function_configuration(FunctionName=stack.outputs["Name"])["VpcConfig"]
    assert found["VpcId"] == stack.outputs["Vpc"]
    assert found["SubnetIds"] == [stack.outputs["Subnet"]]


# --- Functions ------------------------------------------------------------------------------


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


def _wait_until_deleted(lab: Lab, nat_id: str) -> None:
    waiter = lab.clients.ec2(lab.region).get_waiter("nat_gateway_deleted")
    waiter.wait(NatGatewayIds=[nat_id], WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def test_a_subnets_network_acl_keeps_its_ports_and_is_not_deleted_while_in_use(lab: Lab) -> None:
    stack = lab.deployed(
        vpc() | {"Subnet": subnet("10.50.0.0/24")},
        {"Vpc": {"Ref": "Vpc"}, "Subnet": {"Ref": "Subnet"}},
    )
    ec2 = lab.clients.ec2(lab.region)
    here: Any = [{"Name": "association.subnet-id", "Values": [stack.outputs["Subnet"]]}]
    (default,) = ec2.describe_network_acls(Filters=here)["NetworkAcls"]
    assert default["IsDefault"]
    assert {entry["RuleNumber"] for entry in default["Entries"]} == {100, 32767}
    made = ec2.create_network_acl(VpcId=stack.outputs["Vpc"])["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=made,
        RuleNumber=10,
        Protocol="6",
        RuleAction="allow",
        Egress=True,
        CidrBlock="0.0.0.0/0",
        PortRange={"From": 443, "To": 443},
    )
    held = default["Associations"][0]["NetworkAclAssociationId"]
    answer = ec2.replace_network_acl_association(AssociationId=held, NetworkAclId=made)
    (own,) = ec2.describe_network_acls(Filters=here)["NetworkAcls"]
    assert own["NetworkAclId"] == made
    assert own["Entries"][0]["PortRange"] == {"From": 443, "To": 443}
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_network_acl(NetworkAclId=made)
    ec2.replace_network_acl_association(
        AssociationId=answer["NewAssociationId"], NetworkAclId=default["NetworkAclId"]
    )
    ec2.delete_network_acl(NetworkAclId=made)
