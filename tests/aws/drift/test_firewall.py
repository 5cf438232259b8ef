"""What a restoration sends; AWS groups rules, and the sandbox does not, so AWS is stubbed here."""

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
