"""A subnet's own parts are found, or else those that its VPC gives every subnet."""

from typing import Any

from webapp.aws.vpc_parts import (
    ANYWHERE,
    acl_association_id,
    acl_of_subnet,
    default_route,
    table_of_subnet,
)

MINE: Any = {"SubnetId": "subnet-1", "NetworkAclAssociationId": "aclassoc-1"}
ACL = {"NetworkAclId": "acl-1", "Associations": [MINE]}
OTHER_ACL: Any = {"NetworkAclId": "acl-2", "Associations": [{"SubnetId": "subnet-2"}]}
OWN = {"RouteTableId": "rtb-own", "Associations": [{"Main": False, "SubnetId": "subnet-1"}]}
MAIN = {"RouteTableId": "rtb-main", "Associations": [{"Main": True}]}


def test_a_subnet_has_the_network_acl_that_is_associated_with_it() -> None:
    assert acl_of_subnet([OTHER_ACL, ACL], "subnet-1") == ACL
    assert acl_association_id(ACL, "subnet-1") == "aclassoc-1"
    assert acl_of_subnet([OTHER_ACL], "subnet-1") == {}


def test_a_subnet_without_a_table_of_its_own_has_the_main_one() -> None:
    assert table_of_subnet([MAIN, OWN], "subnet-1") == OWN
    assert table_of_subnet([MAIN, OWN], "subnet-2") == MAIN
    assert table_of_subnet([OWN], "subnet-2")["RouteTableId"] == ""


def test_the_default_route_is_the_one_to_anywhere() -> None:
    local = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}
    s3 = {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}
    default = {"DestinationCidrBlock": ANYWHERE, "NatGatewayId": "nat-1"}
    assert default_route({"Routes": [local, s3, default]}) == default
    assert default_route({"Routes": [local, s3]}) == {}
