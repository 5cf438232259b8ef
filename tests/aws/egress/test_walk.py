"""The walk names the first thing on the way out that stops a packet."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from tests.aws.egress.site import HTTPS, NAT_TIMEOUT_S, REGION, Site
from tests.dashboard import wait_for
from tests.services.scripted import ScriptedAws
from webapp.aws.clients import Clients
from webapp.aws.egress.hops import HOPS, EgressPath
from webapp.aws.egress.walk import walk
from webapp.aws.errors import AwsError
from webapp.aws.vpc_parts import ANYWHERE

if TYPE_CHECKING:
    pass

OUT, IN, EPHEMERAL = True, False, (1024, 65535)
INSIDE = "10.77.1.0/24"


@pytest.fixture
def site(clients: Clients) -> Iterator[Site]:
    made = Site(clients.ec2(REGION))
    made.build()
    yield made
    made.clear()


def fault(path: EgressPath) -> tuple[str, str]:
    assert path.source_address is None
    assert path.hops[-1].repair
    assert path.broken is path.hops[-1]
    return path.broken.name, path.broken.detail


def test_a_whole_way_out_ends_at_the_nat_gateways_address(site: Site) -> None:
    path = site.walk()
    assert path.source_address == site.address()
    assert path.broken is None
    assert tuple(hop.name for hop in path.hops) == HOPS
    assert all(hop.ok and not hop.repair for hop in path.hops)
    assert [hop.resource_id for hop in path.hops[1:]] == [
        site.acl_of(site.private),
        site.private_table,
        site.nats[0],
        site.acl_of(site.public),
        site.public_table,
        site.gateway,
        site.vpc,
        site.allocations[0],
        site.vpc,
    ]


def test_a_public_subnet_is_no_way_out_for_a_function(site: Site) -> None:
    name, detail = fault(site.walk(site.public))
    assert name == "route table"
    assert "public subnet" in detail


def test_without_a_default_route_nothing_gets_out(site: Site) -> None:
    site.no_route(site.private_table)
    assert fault(site.walk()) == ("route table", "It has no default route.")


def test_a_subnet_without_a_table_of_its_own_has_the_main_one(site: Site) -> None:
    stray = site.subnet("10.77.2.0/24")
    assert fault(site.walk(stray)) == ("route table", "It has no default route.")
    here: Any = [{"Name": "vpc-id", "Values": [site.vpc]}]
    tables = site.ec2.describe_route_tables(Filters=here)["RouteTables"]
    main = next(t for t in tables if any(a.get("Main") for a in t["Associations"]))
    site.route(main["RouteTableId"], NatGatewayId=site.nats[0])
    assert site.walk(stray).source_address == site.address()


def test_a_deleted_nat_gateway_leaves_a_route_to_nowhere(site: Site) -> None:
    site.ec2.delete_nat_gateway(NatGatewayId=site.nats[0])
    wait_for(lambda: site.nat_state(site.nats[0]) == "deleted", NAT_TIMEOUT_S)
    name, detail = fault(site.walk())
    assert (name, "gone" in detail) == ("route table", True)


@pytest.mark.parametrize(
    ("state", "repair"),
    [("pending", "Wait"), ("failed", "Read why"), ("deleting", "Create a NAT gateway")],
)
def test_a_nat_gateway_that_is_not_available_lets_nothing_through(
    offline: Clients, state: str, repair: str
) -> None:
    """On stubbed answers: in the embedded AWS it may be available before it is asked about."""
    ec2 = offline.ec2(REGION)
    rules = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
    entry = {"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": ANYWHERE}
    mine = {"SubnetId": "subnet-1"}
    acl = {
        "Associations": [mine],
        "Entries": [entry | {"Egress": egress} for egress in (OUT, IN)],
    }
    route = {"DestinationCidrBlock": ANYWHERE, "NatGatewayId": "nat-1"}
    table = {"RouteTableId": "rtb-1", "Associations": [mine], "Routes": [route]}
    with Stubber(ec2) as stub:
        for call, answer in (
            ("describe_security_groups", {"SecurityGroups": [{"IpPermissionsEgress": rules}]}),
            ("describe_subnets", {"Subnets": [mine | {"VpcId": "vpc-1"}]}),
            ("describe_network_acls", {"NetworkAcls": [acl]}),
            ("describe_route_tables", {"RouteTables": [table]}),
            ("describe_nat_gateways", {"NatGateways": [{"State": state}]}),
        ):
            stub.add_response(call, answer)
        found = walk(ec2, REGION, subnet_id="subnet-1", group_ids=["sg-1"], port=HTTPS)
    assert fault(found) == ("NAT gateway", f"It is {state}.")
    assert found.hops[-1].repair.startswith(repair)


def test_a_nat_gateway_in_a_private_subnet_has_no_way_out_itself(site: Site) -> None:
    site.no_route(site.public_table)
    name, detail = fault(site.walk())
    assert (name, "internet gateway" in detail) == ("NAT gateway's route table", True)


@pytest.mark.parametrize(
    ("protocol", "first", "last", "cidr"),
    [
        ("tcp", 80, 80, ANYWHERE),
        ("tcp", 444, 65535, ANYWHERE),
        ("udp", HTTPS, HTTPS, ANYWHERE),
        ("tcp", HTTPS, HTTPS, "10.0.0.0/8"),
    ],
)
def test_a_security_group_that_does_not_let_the_port_out_everywhere_stops_it(
    site: Site, protocol: str, first: int, last: int, cidr: str
) -> None:
    group = site.group(protocol, first, last, cidr)
    name, detail = fault(site.walk(groups=[group]))
    assert (name, "443" in detail) == ("security group", True)


def test_one_security_group_of_several_that_lets_it_out_is_enough(site: Site) -> None:
    closed, everything = site.group("tcp", 80, 80), site.group("-1", 0, 0)
    wide = site.group("tcp", 0, 65535)
    assert site.walk(groups=[closed, everything]).source_address
    assert site.walk(groups=[wide]).source_address


def test_a_private_subnets_network_acl_must_let_the_call_out_and_its_answer_in(site: Site) -> None:
    acl = site.own_acl(site.private, (100, "allow", OUT, ANYWHERE, HTTPS, HTTPS))
    path = site.walk()
    name, detail = fault(path)
    assert (name, "inbound" in detail) == ("network ACL", True)
    assert path.hops[-1].resource_id == acl
    assert "1024-65535" in path.hops[-1].repair
    entry: Any = {"RuleNumber": 100, "RuleAction": "allow", "Egress": IN, "CidrBlock": ANYWHERE}
    site.ec2.create_network_acl_entry(
        NetworkAclId=acl, Protocol="6", PortRange={"From": 1024, "To": 65535}, **entry
    )
    assert site.walk().source_address == site.address()
    entry |= {"RuleNumber": 90, "RuleAction": "deny", "Egress": OUT}
    site.ec2.create_network_acl_entry(NetworkAclId=acl, Protocol="-1", **entry)
    name, detail = fault(site.walk())
    assert (name, "rule 90" in detail) == ("network ACL", True)


def test_the_nat_gateways_network_acl_must_let_calls_and_answers_through(site: Site) -> None:
    site.own_acl(
        site.public,
        (100, "allow", IN, INSIDE, HTTPS, HTTPS),
        (100, "allow", OUT, ANYWHERE, HTTPS, HTTPS),
        (110, "allow", IN, ANYWHERE, *EPHEMERAL),
    )
    name, detail = fault(site.walk())
    assert (name, INSIDE in detail) == ("NAT gateway's network ACL", True)


def test_public_access_that_is_blocked_in_both_directions_stops_all_but_excluded_vpcs(
    site: Site,
) -> None:
    mode: Any = {"InternetGatewayBlockMode": "block-bidirectional"}
    site.ec2.modify_vpc_block_public_access_options(**mode)
    closed = site.walk()
    excluded = site.ec2.create_vpc_block_public_access_exclusion(
        SubnetId=site.public, InternetGatewayExclusionMode="allow-egress"
    )["VpcBlockPublicAccessExclusion"]
    excepted = site.walk()
    site.ec2.delete_vpc_block_public_access_exclusion(ExclusionId=excluded["ExclusionId"])
    site.ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-ingress")
    one_way = site.walk()
    site.ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="off")
    assert fault(closed)[0] == "VPC Block Public Access"
    assert site.vpc in closed.hops[-1].repair
    assert excepted.source_address == one_way.source_address == site.address()


def test_without_dns_resolution_a_partner_has_no_address(site: Site) -> None:
    site.ec2.modify_vpc_attribute(VpcId=site.vpc, EnableDnsSupport={"Value": False})
    name, detail = fault(site.walk())
    assert (name, "enableDnsSupport" in detail) == ("DNS", True)


def test_an_internet_gateway_that_is_not_attached_is_to_be_attached(regional: Any) -> None:
    """EC2 lets none go under a NAT gateway that has an address; so this is another one's answer."""
    aws, _ = regional
    aws.answers["DescribeInternetGateways"] = {"InternetGateways": [{"Attachments": []}]}
    name, detail = fault(walked(aws))
    assert (name, detail) == ("internet gateway", "It is not attached to the VPC.")
    assert walked(aws).hops[-1].repair == "Attach it to vpc-1."


def test_a_subnet_that_does_not_exist_is_an_error_not_a_hop(site: Site) -> None:
    with pytest.raises(AwsError, match="InvalidSubnetID"):
        site.walk("subnet-00000000000000000")


def test_a_regional_nat_gateway_is_followed_through_its_own_route_table(regional: Any) -> None:
    aws, nat = regional
    path = walked(aws)
    assert path.source_address == "203.0.113.2", "the one in the zone of the subnet"
    notes = {hop.name: hop.note for hop in path.hops if hop.note}
    assert notes.keys() == {"NAT gateway's network ACL", "address"}
    nat["RouteTableId"] = "rtb-hidden"
    path = walked(aws)
    assert path.broken is None
    assert "internet gateway" not in [hop.name for hop in path.hops]


@pytest.fixture
def regional() -> tuple[ScriptedAws, dict[str, Any]]:
    """A private subnet whose default route leads to a regional NAT gateway; and that gateway."""
    aws, vpc, zone = ScriptedAws(), "vpc-1", f"{REGION}b"
    nat = {
        "NatGatewayId": "nat-1",
        "State": "available",
        "AvailabilityMode": "regional",
        "RouteTableId": "rtb-nat",
        "NatGatewayAddresses": [
            {"PublicIp": "203.0.113.1", "AvailabilityZone": f"{REGION}a"},
            {"PublicIp": "203.0.113.2", "AvailabilityZone": zone},
        ],
    }
    everywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}
    allowed = [
        {"RuleNumber": 100, "RuleAction": "allow", "Egress": egress, "Protocol": "-1"}
        | {"CidrBlock": ANYWHERE}
        for egress in (IN, OUT)
    ]
    acl = {"Associations": [{"SubnetId": "subnet-1"}], "Entries": allowed}
    default = {"DestinationCidrBlock": ANYWHERE}
    tables = [
        {
            "RouteTableId": "rtb-1",
            "Associations": [{"SubnetId": "subnet-1"}],
            "Routes": [default | {"NatGatewayId": "nat-1"}],
        },
        {"RouteTableId": "rtb-nat", "Routes": [default | {"GatewayId": "igw-1"}]},
    ]
    subnet = {"SubnetId": "subnet-1", "VpcId": vpc, "AvailabilityZone": zone}
    aws.answers |= {
        "DescribeSecurityGroups": {"SecurityGroups": [{"IpPermissionsEgress": [everywhere]}]},
        "DescribeSubnets": {"Subnets": [subnet]},
        "DescribeNetworkAcls": {"NetworkAcls": [acl]},
        "DescribeRouteTables": {"RouteTables": tables},
        "DescribeNatGateways": {"NatGateways": [nat]},
        "DescribeInternetGateways": {"InternetGateways": [{"Attachments": [{"VpcId": vpc}]}]},
        "DescribeVpcBlockPublicAccessOptions": {"VpcBlockPublicAccessOptions": {}},
        "DescribeVpcAttribute": {"EnableDnsSupport": {"Value": True}},
    }
    return aws, nat


def walked(aws: ScriptedAws) -> EgressPath:
    ec2 = aws.clients.ec2(REGION)
    return walk(ec2, REGION, subnet_id="subnet-1", group_ids=["sg-1"], port=HTTPS)
