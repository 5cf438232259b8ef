"""CloudFormation's handlers that ministack lacks or does differently from AWS."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from ministack.services import cloudformation, ec2, iam, kms, lambda_svc
from ministack.services.cloudformation import provisioners

from webapp.sandbox.embedded_aws import addresses, checks, internet_gateways, nat_gateways
from webapp.sandbox.embedded_aws.actions import Ec2Error

Properties = dict[str, Any]
Made = tuple[str, dict[str, Any]]
HANDLERS: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS
ROUTE = ("RouteTableId", "GatewayId", "NatGatewayId")
SLEEP_POLL_S = 0.1
NOT_STABLE = (
    'Resource handler returned message: "NatGateway {} is in state failed and hence failed to '
    'stabilize. Detailed failure message: {}" (RequestToken: {}, HandlerErrorCode: '
    "GeneralServiceException)"
)
TAGGED = (
    "AWS::EC2::InternetGateway",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
)
"""Beside NAT gateways, what can be found by the tags of its stack."""


def install(address_quota: int, network_quota: int) -> None:
    """NAT gateways are ready and deleted at once here, because `operations` paces all resources."""
    HANDLERS["AWS::EC2::EIP"] = {
        "create": lambda _id, properties, _stack: _create_address(properties, address_quota),
        "update": _update_address,
        "delete": lambda ip, _properties: _delete_address(ip),
    }
    HANDLERS["AWS::EC2::NatGateway"] = {
        "create": partial(_create_nat, network_quota),
        "update": partial(_update_nat, network_quota),
        "delete": lambda nat_id, _properties: _delete_nat(nat_id),
    }
    check = _check_before_create
    check("AWS::EC2::VPC", lambda p: checks.new_vpc(p.get("CidrBlock", ""), network_quota))
    check(
        "AWS::EC2::Subnet", lambda p: checks.new_subnet(p.get("VpcId", ""), p.get("CidrBlock", ""))
    )
    check("AWS::EC2::InternetGateway", lambda _p: checks.new_internet_gateway(network_quota))
    check(
        "AWS::EC2::VPCEndpoint",
        lambda p: checks.new_endpoint(p.get("VpcEndpointType", ""), network_quota),
    )
    check("AWS::EC2::Route", lambda p: checks.new_route(*map(p.get, ROUTE)))
    check("AWS::Lambda::Function", _check_role)
    check("AWS::KMS::Alias", lambda p: _check_alias(p.get("AliasName", "")))
    for kind in TAGGED:
        _tag_with_stack(kind)
    _check_before_delete("AWS::EC2::Subnet", checks.unused_subnet)
    _check_before_delete("AWS::EC2::SecurityGroup", checks.unused_group)
    _check_before_delete("AWS::EC2::VPC", checks.unused_vpc)
    _check_before_delete("AWS::EC2::VPCGatewayAttachment", _check_attachment)
    _keep_vpc_config()
    _keep_boundary()
    _refer_to_secrets_by_arn()


def _check_attachment(physical_id: str) -> None:
    """`IGW|vpc-…`, or `VGW|vpc-…` for a VPN gateway, which has no public addresses."""
    kind, _, vpc_id = physical_id.partition("|")
    if kind == "IGW":
        internet_gateways.check_unmapped(vpc_id)


def _create_address(properties: Properties, quota: int) -> Made:
    """An AWS::EC2::EIP: its Ref is the address itself."""
    address = addresses.create(quota)
    provisioners._ec2_apply_tags(address["AllocationId"], properties)
    return address["PublicIp"], _address_attributes(address)


def _update_address(ip: str, old: Properties, new: Properties, _stack: str) -> Made:
    address = addresses.by_ip(ip)
    provisioners._ec2_apply_tags(address["AllocationId"], new, old)
    return ip, _address_attributes(address)


def _delete_address(ip: str) -> None:
    addresses.release(addresses.by_ip(ip))


def _address_attributes(address: Properties) -> Properties:
    return {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]}


def _refer_to_secrets_by_arn() -> None:
    """ministack's Ref of a secret is its name; on AWS it is the ARN."""
    handlers = HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def created(logical_id: str, properties: Properties, stack: str) -> Made:
        _, attributes = create(logical_id, properties, stack)
        return attributes["Arn"], attributes

    def updated(arn: str, old: Properties, new: Properties, *rest: Any) -> Made:
        _, attributes = update(_secret_name(arn), old, new, *rest)
        return attributes["Arn"], attributes

    handlers["create"], handlers["update"] = created, updated
    handlers["delete"] = lambda arn, properties: delete(_secret_name(arn), properties)


def _secret_name(arn: str) -> str:
    """The name in `arn:aws:secretsmanager:region:account:secret:name-xxxxxx`."""
    return arn.split(":")[6].rpartition("-")[0]


def _create_nat(quota: int, logical_id: str, properties: Properties, stack: str) -> Made:
    nat = nat_gateways.create(
        properties["SubnetId"], properties["AllocationId"], delay_s=0, quota=quota
    )
    nat["State"] = "available"
    if nat_gateways.FAILURE in nat:
        nat["State"] = "deleted"  # by the rollback
        raise ValueError(NOT_STABLE.format(nat["NatGatewayId"], nat[nat_gateways.FAILURE], uuid4()))
    tags = [*properties.get("Tags", []), *_stack_tags(logical_id, stack)]
    provisioners._ec2_apply_tags(nat["NatGatewayId"], {"Tags": tags})
    return nat["NatGatewayId"], {"NatGatewayId": nat["NatGatewayId"]}


def _stack_tags(logical_id: str, name: str) -> list[dict[str, str]]:
    """The tags that CloudFormation adds to everything it creates."""
    stack = cloudformation._stacks[name]
    own = {"stack-name": name, "stack-id": stack["StackId"], "logical-id": logical_id}
    system = [{"Key": f"aws:cloudformation:{key}", "Value": value} for key, value in own.items()]
    return [*(stack.get("Tags") or []), *system]


def _update_nat(quota: int, nat_id: str, old: Properties, new: Properties, stack: str) -> Made:
    """Tags change in place; another subnet or address needs a new NAT gateway."""
    if any(old.get(name) != new.get(name) for name in ("SubnetId", "AllocationId")):
        return _create_nat(quota, nat_id, new, stack)
    provisioners._ec2_apply_tags(nat_id, new, old)
    return nat_id, {"NatGatewayId": nat_id}


def _delete_nat(nat_id: str) -> None:
    nat_gateways.delete(nat_id, delay_s=0)
    nat = ec2._nat_gateways.get(nat_id)
    if nat:
        nat["State"] = "deleted"


def _check_role(properties: Properties) -> None:
    role = str(properties.get("Role", "")).rsplit("/", 1)[-1]
    if role not in iam._roles:
        raise ValueError(
            "The role defined for the function cannot be assumed by Lambda. (Service: Lambda, "
            "Status Code: 400, Error Code: InvalidParameterValueException)"
        )


def _check_alias(name: str) -> None:
    """ministack gives the alias of somebody else's KMS key to the new one."""
    arn = kms._alias_arn(name)
    if arn in kms._aliases:
        raise ValueError(
            f'Resource handler returned message: "An alias with the name {arn} already exists '
            '(Service: Kms, Status Code: 400, Request ID: 0) (SDK Attempt Count: 1)" '
            "(RequestToken: 0, HandlerErrorCode: AlreadyExists)"
        )


def _tag_with_stack(resource_type: str) -> None:
    """Add the tags that CloudFormation adds; ministack adds those of the template alone."""
    create = HANDLERS[resource_type]["create"]

    def tagged(logical_id: str, properties: Properties, stack: str) -> Made:
        made: Made = create(logical_id, properties, stack)
        provisioners._ec2_apply_tags(made[0], {"Tags": _stack_tags(logical_id, stack)})
        return made

    HANDLERS[resource_type]["create"] = tagged


def _check_before_create(resource_type: str, check: Callable[[Properties], None]) -> None:
    create = HANDLERS[resource_type]["create"]

    def checked(logical_id: str, properties: Properties, stack: str) -> Made:
        check(properties)
        made: Made = create(logical_id, properties, stack)
        return made

    HANDLERS[resource_type]["create"] = checked


def _check_before_delete(resource_type: str, check: Callable[[str], None]) -> None:
    delete = HANDLERS[resource_type]["delete"]

    def checked(physical_id: str, *rest: Any) -> None:
        check(physical_id)
        delete(physical_id, *rest)

    HANDLERS[resource_type]["delete"] = checked


def _keep_vpc_config() -> None:
    """ministack drops a function's VpcConfig; AWS keeps it and adds the id of the VPC."""
    handlers = HANDLERS["AWS::Lambda::Function"]
    create, update = handlers["create"], handlers["update"]

    def created(logical_id: str, properties: Properties, stack: str) -> Made:
        name, attributes = create(logical_id, properties, stack)
        _put_vpc_config(name, properties)
        return name, attributes

    def updated(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Made:
        name, attributes = update(physical_id, old, new, *rest)
        _put_vpc_config(name, new)
        return name, attributes

    handlers["create"], handlers["update"] = created, updated


def _keep_boundary() -> None:
    """ministack drops the permissions boundary of a role."""
    handlers = HANDLERS["AWS::IAM::Role"]
    create, update = handlers["create"], handlers["update"]

    def created(logical_id: str, properties: Properties, stack: str) -> Made:
        name, attributes = create(logical_id, properties, stack)
        iam._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary", "")
        return name, attributes

    def updated(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Made:
        name, attributes = update(physical_id, old, new, *rest)
        iam._roles[name]["PermissionsBoundary"] = new.get("PermissionsBoundary", "")
        return name, attributes

    handlers["create"], handlers["update"] = created, updated


def _put_vpc_config(name: str, properties: Properties) -> None:
    wanted = properties.get("VpcConfig")
    if not wanted:
        return
    first = ec2._subnets.get(wanted["SubnetIds"][0])
    if first is None:
        raise Ec2Error("InvalidSubnetID.NotFound", f"{wanted['SubnetIds'][0]} does not exist")
    lambda_svc._functions[name]["config"]["VpcConfig"] = {
        "SubnetIds": list(wanted["SubnetIds"]),
        "SecurityGroupIds": list(wanted["SecurityGroupIds"]),
        "VpcId": first["VpcId"],
        "Ipv6AllowedForDualStack": False,
    }


def sleep_unless(is_stopped: Callable[[], bool], seconds: float) -> None:
    """Sleep, but return early once `is_stopped()`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not is_stopped():
        time.sleep(min(SLEEP_POLL_S, seconds))
