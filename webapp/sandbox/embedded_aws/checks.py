"""What EC2 refuses: invalid ranges, exceeded quotas, resources that are missing or still in use.

Each check is a function of its own, because the API's actions and CloudFormation's handlers share
them.
"""

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

from ministack.services import ec2, lambda_svc

from webapp.sandbox.embedded_aws import interfaces, internet_gateways, nat_gateways, vpcs
from webapp.sandbox.embedded_aws.actions import Answer, Ec2Error, Params, action

LARGEST_PREFIX, SMALLEST_PREFIX = 16, 28
ENDPOINTS_PER_VPC = 4
"""As on AWS: 20 gateway endpoints, where there may be 5 VPCs."""
PEERED = ("active", "pending-acceptance", "provisioning")


def install(network_quota: int) -> None:
    """Run the checks before ministack's own actions, and support DryRun in all of them.

    Internet gateways have the same quota as VPCs, as on AWS.
    """
    before: dict[str, Callable[[Params], None]] = {
        "CreateVpc": lambda p: new_vpc(ec2._p(p, "CidrBlock"), network_quota),
        "CreateInternetGateway": lambda _p: new_internet_gateway(network_quota),
        "CreateVpcEndpoint": lambda p: new_endpoint(ec2._p(p, "VpcEndpointType"), network_quota),
        "CreateSubnet": lambda p: new_subnet(ec2._p(p, "VpcId"), ec2._p(p, "CidrBlock")),
        "CreateRoute": _check_route,
        "ReplaceRoute": _check_route,
        "DetachInternetGateway": lambda p: internet_gateways.check_detachment(
            ec2._p(p, "InternetGatewayId"), ec2._p(p, "VpcId")
        ),
        "DeleteSubnet": lambda p: unused_subnet(ec2._p(p, "SubnetId")),
        "DeleteNetworkInterface": lambda p: detached_interface(ec2._p(p, "NetworkInterfaceId")),
        "DeleteSecurityGroup": lambda p: unused_group(ec2._p(p, "GroupId")),
        "DeleteInternetGateway": lambda p: detached_gateway(ec2._p(p, "InternetGatewayId")),
        "DeleteVpc": lambda p: unused_vpc(ec2._p(p, "VpcId")),
    }
    for name, run in list(ec2._ACTION_MAP.items()):
        ec2._ACTION_MAP[name] = action(_checked(run, before.get(name)))


def new_vpc(cidr: str, quota: int) -> None:
    network = _network(cidr)
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise Ec2Error("InvalidVpc.Range", f"The CIDR '{cidr}' is invalid.")
    if len(ec2._vpcs) >= quota:
        raise Ec2Error("VpcLimitExceeded", "The maximum number of VPCs has been reached.")


def new_internet_gateway(quota: int) -> None:
    if len(ec2._internet_gateways) >= quota:
        raise Ec2Error(
            "InternetGatewayLimitExceeded",
            "The maximum number of internet gateways has been reached.",
        )


def new_endpoint(kind: str, network_quota: int) -> None:
    gateways = [e for e in ec2._vpc_endpoints.values() if e["VpcEndpointType"] == "Gateway"]
    if kind in ("", "Gateway") and len(gateways) >= ENDPOINTS_PER_VPC * network_quota:
        raise Ec2Error(
            "VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached."
        )


def new_subnet(vpc_id: str, cidr: str) -> None:
    network = _network(cidr)
    vpc = ec2._vpcs.get(vpc_id)
    if vpc is None:
        raise Ec2Error("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    if not any(network.subnet_of(_network(held)) for held in vpcs.ranges(vpc)):
        raise Ec2Error("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")
    for subnet in ec2._subnets.values():
        if subnet["VpcId"] == vpc_id and _network(subnet["CidrBlock"]).overlaps(network):
            raise Ec2Error(
                "InvalidSubnet.Conflict", f"The CIDR '{cidr}' conflicts with another subnet"
            )


def new_route(table_id: str | None, gateway_id: str | None, nat_id: str | None) -> None:
    internet_gateways.check_route(table_id or "", gateway_id or "")
    if nat_id and nat_id not in ec2._nat_gateways:
        raise Ec2Error(
            "InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat_id}' does not exist"
        )


def unused_subnet(subnet_id: str) -> None:
    held = nat_gateways.in_subnet(subnet_id) or interfaces.in_subnet(subnet_id)
    endpoint = any(subnet_id in e.get("SubnetIds", ()) for e in ec2._vpc_endpoints.values())
    if held or endpoint or _has_function("SubnetIds", subnet_id):
        raise _in_use("subnet", subnet_id)


def unused_group(group_id: str) -> None:
    used = interfaces.in_group(group_id) or _has_function("SecurityGroupIds", group_id)
    if used or _in_rules_of_others(group_id):
        raise Ec2Error("DependencyViolation", f"resource {group_id} has a dependent object")


def detached_interface(interface_id: str) -> None:
    interface = ec2._network_interfaces.get(interface_id)
    if interface and interface["Status"] == "in-use":
        raise Ec2Error(
            "InvalidParameterValue", f"Network interface '{interface_id}' is currently in use."
        )


def detached_gateway(gateway_id: str) -> None:
    gateway = ec2._internet_gateways.get(gateway_id)
    if gateway and gateway.get("Attachments"):
        raise _in_use("internetGateway", gateway_id)


def unused_vpc(vpc_id: str) -> None:
    """The VPC's main route table, default security group and default ACL are deleted with it."""
    inside = [ec2._subnets, ec2._vpc_endpoints, ec2._egress_igws]
    held = any(each["VpcId"] == vpc_id for kind in inside for each in kind.values())
    attached = any(
        attachment.get("VpcId") == vpc_id
        for kind in (ec2._internet_gateways, ec2._vpn_gateways)
        for gateway in kind.values()
        for attachment in gateway.get("Attachments") or ()
    )
    if held or attached or _has_own_parts(vpc_id) or _is_peered(vpc_id):
        raise _in_use("vpc", vpc_id)


def _check_route(params: Params) -> None:
    new_route(*(ec2._p(params, name) for name in ("RouteTableId", "GatewayId", "NatGatewayId")))


def _checked(
    run: Callable[[Params], Answer], check: Callable[[Params], None] | None
) -> Callable[[Params], Answer]:
    def answer(params: Params) -> Answer:
        if check:
            check(params)
        return run(params)

    return answer


def _network(cidr: str) -> IPv4Network:
    try:
        return IPv4Network(cidr)
    except ValueError:
        raise Ec2Error(
            "InvalidParameterValue",
            f"Value ({cidr}) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ) from None


def _has_function(field: str, resource_id: str) -> bool:
    """Whether a function is connected to it, or one of its versions still is."""
    functions: list[dict[str, Any]] = list(lambda_svc._functions.values())
    return any(
        resource_id in ((record["config"].get("VpcConfig") or {}).get(field) or ())
        for function in functions
        for record in (function, *function["versions"].values())
    )


def _has_own_parts(vpc_id: str) -> bool:
    """Whether somebody made route tables, groups or ACLs in it, besides those it came with."""
    tables = any(
        table["VpcId"] == vpc_id and not any(a.get("Main") for a in table["Associations"])
        for table in ec2._route_tables.values()
    )
    groups = any(
        group.get("VpcId") == vpc_id and group["GroupName"] != "default"
        for group in ec2._security_groups.values()
    )
    acls = any(a["VpcId"] == vpc_id and not a["IsDefault"] for a in ec2._network_acls.values())
    return tables or groups or acls


def _is_peered(vpc_id: str) -> bool:
    return any(
        peering["Status"]["Code"] in PEERED
        and vpc_id in (peering["RequesterVpcInfo"]["VpcId"], peering["AccepterVpcInfo"]["VpcId"])
        for peering in ec2._vpc_peering.values()
    )


def _in_rules_of_others(group_id: str) -> bool:
    """Whether a rule of another security group names it."""
    return any(
        pair.get("GroupId") == group_id
        for group in ec2._security_groups.values()
        if group["GroupId"] != group_id
        for rule in [*group["IpPermissions"], *group["IpPermissionsEgress"]]
        for pair in rule.get("UserIdGroupPairs", ())
    )


def _in_use(kind: str, resource_id: str) -> Ec2Error:
    return Ec2Error(
        "DependencyViolation", f"The {kind} '{resource_id}' has dependencies and cannot be deleted."
    )
