"""What a restoration sends. AWS groups rules and the sandbox does not, so AWS is stubbed here."""

from typing import Any

from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.drift.firewall import Firewall
from webapp.aws.drift.layout import Layout

GROUP = "sg-1"
LAYOUT = Layout("vpc-1", GROUP, "igw-1", "rtb-1", zones=(), allocation_of_nat={})
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
ANYWHERE = {"CidrIp": "0.0.0.0/0", "Description": "HTTPS"}


def restored(egress: list[dict[str, Any]], *calls: tuple[str, list[dict[str, Any]]]) -> None:
    """Restore a group that has `egress`; Stubber fails at any call but the expected ones."""
    ec2 = Clients("http://127.0.0.1:1").ec2("eu-central-1")
    group = {"GroupId": GROUP, "IpPermissionsEgress": egress, "IpPermissions": []}
    with Stubber(ec2) as stub:
        stub.add_response("describe_security_groups", {"SecurityGroups": [group]})
        (difference,) = Firewall(ec2, LAYOUT).security_group()
        for call, permissions in calls:
            stub.add_response(call, {}, {"GroupId": GROUP, "IpPermissions": permissions})
        assert difference.restore
        difference.restore()
        stub.assert_no_pending_responses()


def test_what_was_added_to_the_right_rule_is_taken_away_alone() -> None:
    others: dict[str, Any] = {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    grouped = HTTPS | {
        "IpRanges": [ANYWHERE, *others["IpRanges"]],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "PrefixListIds": [],
    }
    wrong = [HTTPS | others, HTTPS | {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]
    restored([grouped], ("revoke_security_group_egress", wrong))


def test_what_is_missing_is_opened_before_the_rest_is_closed() -> None:
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    restored(
        [everything],
        ("authorize_security_group_egress", [HTTPS | {"IpRanges": [ANYWHERE]}]),
        ("revoke_security_group_egress", [everything]),
    )


def entry(number: int, action: str, *, egress: bool) -> dict[str, Any]:
    rule = {"Protocol": "-1", "RuleAction": action, "CidrBlock": "0.0.0.0/0"}
    return rule | {"RuleNumber": number, "Egress": egress}


def test_a_network_acl_is_opened_before_its_other_rules_are_deleted() -> None:
    """Rule 100 inbound denies, so it is replaced; outbound has none, so one is created."""
    ec2 = Clients("http://127.0.0.1:1").ec2("eu-central-1")
    ipv6 = {"Protocol": "-1", "RuleAction": "deny", "Ipv6CidrBlock": "::/0"}
    entries = [
        entry(7, "deny", egress=True),
        entry(100, "deny", egress=False),
        ipv6 | {"RuleNumber": 8, "Egress": True},
        *(entry(32767, "deny", egress=egress) for egress in (True, False)),
    ]
    acl = {"NetworkAclId": "acl-1", "IsDefault": True, "Entries": entries}
    group = {"GroupId": GROUP, "IpPermissionsEgress": [HTTPS | {"IpRanges": [ANYWHERE]}]}
    named = {"NetworkAclId": "acl-1"}
    with Stubber(ec2) as stub:
        stub.add_response("describe_security_groups", {"SecurityGroups": [group]})
        stub.add_response("describe_network_acls", {"NetworkAcls": [acl]})
        (difference,) = Firewall(ec2, LAYOUT).differences()
        assert difference.actual == (
            "outbound 7: deny everything to 0.0.0.0/0; inbound 100: deny everything from 0.0.0.0/0"
        )
        allow = named | entry(100, "allow", egress=True)
        stub.add_response("create_network_acl_entry", {}, allow)
        stub.add_response("replace_network_acl_entry", {}, allow | {"Egress": False})
        gone = named | {"RuleNumber": 7, "Egress": True}
        stub.add_client_error(
            "delete_network_acl_entry", "InvalidNetworkAclEntry.NotFound", expected_params=gone
        )
        assert difference.restore
        difference.restore()
        stub.assert_no_pending_responses()


def test_a_security_group_that_is_gone_cannot_be_restored() -> None:
    ec2 = Clients("http://127.0.0.1:1").ec2("eu-central-1")
    with Stubber(ec2) as stub:
        stub.add_response("describe_security_groups", {"SecurityGroups": []})
        (difference,) = Firewall(ec2, LAYOUT).security_group()
    assert (difference.actual, difference.restore) == ("gone", None)
    assert "create it again" in difference.by_hand
