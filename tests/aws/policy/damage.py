"""Damages a network in every way that Egret restores."""

from typing import Any

ANYWHERE = "0.0.0.0/0"
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": ANYWHERE}]}


def damage(ec2: Any, ids: dict[str, str]) -> str:
    """`ids` are the physical ids of a network with two zones and a NAT gateway in each.

    Returns the id of a network ACL that no subnet has once the network is restored.
    """
    _routes(ec2, ids)
    _group(ec2, ids["SecurityGroup"])
    own = _acls(ec2, ids)
    ec2.modify_vpc_attribute(VpcId=ids["Vpc"], EnableDnsSupport={"Value": False})
    made = ec2.associate_vpc_cidr_block(VpcId=ids["Vpc"], AmazonProvidedIpv6CidrBlock=True)
    cidr = made["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"].replace("/56", "/64")
    ec2.associate_subnet_cidr_block(SubnetId=ids["PrivateSubnet1"], Ipv6CidrBlock=cidr)
    ec2.modify_subnet_attribute(
        SubnetId=ids["PrivateSubnet1"], AssignIpv6AddressOnCreation={"Value": True}
    )
    return own


def _routes(ec2: Any, ids: dict[str, str]) -> None:
    ec2.delete_route(RouteTableId=ids["PrivateRouteTable1"], DestinationCidrBlock=ANYWHERE)
    route = {"RouteTableId": ids["PrivateRouteTable2"], "NatGatewayId": ids["NatGateway1"]}
    ec2.replace_route(DestinationCidrBlock=ANYWHERE, **route)
    extra = {"RouteTableId": ids["PrivateRouteTable2"], "GatewayId": ids["InternetGateway"]}
    ec2.create_route(DestinationCidrBlock="192.0.2.0/24", **extra)
    (moved,) = ec2.describe_route_tables(RouteTableIds=[ids["PrivateRouteTable1"]])["RouteTables"]
    ec2.replace_route_table_association(
        AssociationId=moved["Associations"][0]["RouteTableAssociationId"],
        RouteTableId=ids["PublicRouteTable"],
    )


def _group(ec2: Any, group_id: str) -> None:
    (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=group["IpPermissionsEgress"])
    ec2.authorize_security_group_egress(GroupId=group_id, IpPermissions=[SSH])
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[SSH])


def _acls(ec2: Any, ids: dict[str, str]) -> str:
    there = [{"Name": "association.subnet-id", "Values": [ids["PrivateSubnet2"]]}]
    (default,) = ec2.describe_network_acls(Filters=there)["NetworkAcls"]
    entry = {"NetworkAclId": default["NetworkAclId"], "Protocol": "-1", "CidrBlock": ANYWHERE}
    ec2.create_network_acl_entry(**entry, RuleNumber=7, Egress=False, RuleAction="deny")
    ec2.replace_network_acl_entry(**entry, RuleNumber=100, Egress=False, RuleAction="deny")
    acl = default["NetworkAclId"]
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=True)
    own: str = ec2.create_network_acl(VpcId=ids["Vpc"])["NetworkAcl"]["NetworkAclId"]
    (held,) = [a for a in default["Associations"] if a["SubnetId"] == ids["PrivateSubnet1"]]
    association = held["NetworkAclAssociationId"]
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=own)
    return own
