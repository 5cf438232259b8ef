"""What lets packets through, against how it was made: the security group and the network ACLs.

A network's subnets have the VPC's default network ACL, which is no part of the stack, so
CloudFormation never sees what was done to it.
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from webapp.aws.drift.difference import DONE_ALREADY, NONE, Difference
from webapp.aws.drift.layout import Layout
from webapp.aws.egress.network_acls import ANYWHERE, LAST_RULE
from webapp.aws.errors import ignoring

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

HTTPS_OUT: Any = {
    "IpProtocol": "tcp",
    "FromPort": 443,
    "ToPort": 443,
    "IpRanges": [{"CidrIp": ANYWHERE, "Description": "HTTPS"}],
}
DESTINATIONS = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
OPEN_RULE = 100
"""The one rule in each direction, besides the last one, that AWS makes."""
OPEN: Any = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": ANYWHERE}


class Firewall:
    """One look at EC2; `differences` reads as it goes."""

    def __init__(self, ec2: "EC2Client", layout: Layout) -> None:
        self._ec2 = ec2
        self._layout = layout

    def differences(self) -> Iterator[Difference]:
        yield from self.rules()
        yield from self._acls()

    def rules(self) -> Iterator[Difference]:
        """HTTPS out, nothing in."""
        group_id = self._layout.group_id
        here: Any = [{"Name": "vpc-id", "Values": [self._layout.vpc_id]}]
        groups = self._ec2.describe_security_groups(Filters=here)["SecurityGroups"]
        group: Any = next((g for g in groups if g["GroupId"] == group_id), None)
        if group is None:
            by_hand = "Delete the network and make it again, on the same addresses."
            yield Difference("Security group", group_id, "there", "gone", by_hand=by_hand)
            return
        out, into = group.get("IpPermissionsEgress", []), group.get("IpPermissions", [])
        if _spoken(out) != _spoken([HTTPS_OUT]):
            yield Difference(
                "Outbound rules of the security group",
                group_id,
                _spoken([HTTPS_OUT]),
                _spoken(out),
                restore=partial(self._only_https_out, out),
            )
        if into:
            revoke = self._ec2.revoke_security_group_ingress
            yield Difference(
                "Inbound rules of the security group",
                group_id,
                NONE,
                _spoken(into),
                restore=partial(revoke, GroupId=group_id, IpPermissions=_sendable(into)),
            )

    def _acls(self) -> Iterator[Difference]:
        """Every subnet has the VPC's default one, and that is open."""
        here: Any = [{"Name": "vpc-id", "Values": [self._layout.vpc_id]}]
        acls: list[Any] = list(self._ec2.describe_network_acls(Filters=here)["NetworkAcls"])
        default: Any = next((acl for acl in acls if acl.get("IsDefault")), None)
        if default is None:
            return
        default_id = default["NetworkAclId"]
        for subnet_id, name in self._subnets():
            acl_id, association_id = _association(acls, subnet_id)
            if acl_id and acl_id != default_id:
                yield Difference(
                    f"Network ACL of the {name}",
                    subnet_id,
                    default_id,
                    acl_id,
                    restore=partial(
                        self._ec2.replace_network_acl_association,
                        AssociationId=association_id,
                        NetworkAclId=default_id,
                    ),
                )
        actual = _entries(default)
        if actual != _OPEN_IN_WORDS:
            yield Difference(
                "Rules of the default network ACL",
                default_id,
                _OPEN_IN_WORDS,
                actual,
                restore=partial(self._open, default),
            )

    def _subnets(self) -> list[tuple[str, str]]:
        return [
            pair
            for zone in self._layout.zones
            for pair in (
                (zone.private_subnet_id, f"private subnet in {zone.name}"),
                (zone.public_subnet_id, f"public subnet in {zone.name}"),
            )
        ]

    def _only_https_out(self, found: list[Any]) -> None:
        """First open what must be open, so that nothing that is right is cut off meanwhile."""
        group_id = self._layout.group_id
        rules = [single for rule in found for single in _singles(rule)]
        wrong = [rule for rule in rules if _spoken([rule]) != _spoken([HTTPS_OUT])]
        if len(wrong) == len(rules):
            with ignoring(DONE_ALREADY):
                self._ec2.authorize_security_group_egress(
                    GroupId=group_id, IpPermissions=[HTTPS_OUT]
                )
        if wrong:
            with ignoring(DONE_ALREADY):
                self._ec2.revoke_security_group_egress(
                    GroupId=group_id, IpPermissions=_sendable(wrong)
                )

    def _open(self, acl: Any) -> None:
        """First the rules that let everything through, then away with the others."""
        acl_id = acl["NetworkAclId"]
        numbers = {(int(e["RuleNumber"]), e["Egress"]) for e in acl["Entries"]}
        for egress in (True, False):
            rule: Any = {"NetworkAclId": acl_id, "RuleNumber": OPEN_RULE, "Egress": egress} | OPEN
            if (OPEN_RULE, egress) in numbers:
                self._ec2.replace_network_acl_entry(**rule)
            else:
                with ignoring(DONE_ALREADY):
                    self._ec2.create_network_acl_entry(**rule)
        for number, egress in numbers:
            if number not in (OPEN_RULE, LAST_RULE) and _is_ipv4(acl, number, egress):
                with ignoring(DONE_ALREADY):
                    self._ec2.delete_network_acl_entry(
                        NetworkAclId=acl_id, RuleNumber=number, Egress=egress
                    )


def _association(acls: list[Any], subnet_id: str) -> tuple[str, str]:
    return next(
        (
            (acl["NetworkAclId"], held["NetworkAclAssociationId"])
            for acl in acls
            for held in acl.get("Associations", [])
            if held["SubnetId"] == subnet_id
        ),
        ("", ""),
    )


def _is_ipv4(acl: Any, number: int, egress: bool) -> bool:
    return any(
        entry.get("CidrBlock")
        for entry in acl["Entries"]
        if (int(entry["RuleNumber"]), entry["Egress"]) == (number, egress)
    )


def _entries(acl: Any) -> str:
    """The IPv4 rules but the last ones, in words and in order."""
    rules = [e for e in acl["Entries"] if e.get("CidrBlock") and int(e["RuleNumber"]) < LAST_RULE]
    in_order = sorted(rules, key=lambda e: (not e["Egress"], int(e["RuleNumber"])))
    return "; ".join(_entry(entry) for entry in in_order) or NONE


def _entry(entry: Any) -> str:
    way, link = ("outbound", "to") if entry["Egress"] else ("inbound", "from")
    what = "everything" if entry["Protocol"] == "-1" else f"protocol {entry['Protocol']}"
    ports: Any = entry.get("PortRange")
    within = f" {ports['From']}-{ports['To']}" if ports else ""
    action, number, cidr = entry["RuleAction"], entry["RuleNumber"], entry["CidrBlock"]
    return f"{way} {number}: {action} {what}{within} {link} {cidr}"


_OPEN_IN_WORDS = _entries(
    {"Entries": [OPEN | {"RuleNumber": OPEN_RULE, "Egress": out} for out in (True, False)]}
)


def _spoken(rules: list[Any]) -> str:
    """Rules of a security group in words, in an order that does not depend on AWS's."""
    return "; ".join(sorted(_rule(rule) for rule in rules)) or NONE


def _rule(rule: Any) -> str:
    others = [
        *(allowed["CidrIp"] for allowed in rule.get("IpRanges", [])),
        *(allowed["CidrIpv6"] for allowed in rule.get("Ipv6Ranges", [])),
        *(allowed["PrefixListId"] for allowed in rule.get("PrefixListIds", [])),
        *(allowed.get("GroupId", "") for allowed in rule.get("UserIdGroupPairs", [])),
    ]
    if rule["IpProtocol"] == "-1":
        return f"everything to {', '.join(sorted(others))}"
    ports = sorted({rule.get("FromPort", 0), rule.get("ToPort", 65535)})
    spoken = "-".join(str(port) for port in ports)
    return f"{rule['IpProtocol'].upper()} {spoken}: {', '.join(sorted(others))}"


def _singles(rule: Any) -> Iterator[Any]:
    """Each destination for itself: EC2 tells those of one protocol and port range together."""
    for kind in DESTINATIONS:
        for one in rule.get(kind, []):
            yield {key: rule[key] for key in rule if key not in DESTINATIONS} | {kind: [one]}


def _sendable(rules: list[Any]) -> Any:
    """As EC2 takes them back: without what is empty."""
    return [{key: value for key, value in rule.items() if value != []} for rule in rules]
