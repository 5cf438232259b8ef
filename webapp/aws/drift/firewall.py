"""A network's security group and network ACLs against how they were made.

A network's subnets have the VPC's default network ACL. AWS creates that with the VPC, so it is no
part of the stack, and CloudFormation never sees what was changed in it.
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from webapp.aws.drift.difference import DONE_ALREADY, NONE, Difference
from webapp.aws.drift.layout import Layout
from webapp.aws.egress.network_acls import LAST_RULE
from webapp.aws.errors import ignoring
from webapp.aws.vpc_parts import (
    ALL_PROTOCOLS,
    ANYWHERE,
    PORT_MAX,
    acl_association_id,
    acl_of_subnet,
    in_vpc,
)

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

HTTPS_OUT: Any = {
    "IpProtocol": "tcp",
    "FromPort": 443,
    "ToPort": 443,
    "IpRanges": [{"CidrIp": ANYWHERE, "Description": "HTTPS"}],
}
DESTINATION_KINDS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}
OPEN_RULE = 100
"""The number of the one rule that a default ACL has in each direction, besides the last one."""
ALLOW_ALL: Any = {"Protocol": ALL_PROTOCOLS, "RuleAction": "allow", "CidrBlock": ANYWHERE}


class Firewall:
    """Reads EC2 once. Make a new one to compare again."""

    def __init__(self, ec2: "EC2Client", layout: Layout) -> None:
        self._ec2 = ec2
        self._layout = layout

    def differences(self) -> Iterator[Difference]:
        yield from self.security_group()
        yield from self._network_acls()

    def security_group(self) -> Iterator[Difference]:
        """It must allow HTTPS out, and nothing in."""
        group_id = self._layout.group_id
        # By the VPC, not the id: EC2 answers an id that it does not know with an error.
        here = in_vpc(self._layout.vpc_id)
        groups = self._ec2.describe_security_groups(Filters=here)["SecurityGroups"]
        group: Any = next((g for g in groups if g["GroupId"] == group_id), None)
        if group is None:
            by_hand = "Delete the network and create it again, on the same addresses."
            yield Difference("Security group", group_id, "there", "gone", by_hand=by_hand)
            return
        yield from self._outbound(group_id, group.get("IpPermissionsEgress", []))
        yield from self._inbound(group_id, group.get("IpPermissions", []))

    def _outbound(self, group_id: str, rules: list[Any]) -> Iterator[Difference]:
        expected, actual = _rules_text([HTTPS_OUT]), _rules_text(rules)
        if actual != expected:
            yield Difference(
                "Outbound rules of the security group",
                group_id,
                expected,
                actual,
                restore=partial(self._allow_only_https, rules),
            )

    def _inbound(self, group_id: str, rules: list[Any]) -> Iterator[Difference]:
        if rules:
            yield Difference(
                "Inbound rules of the security group",
                group_id,
                NONE,
                _rules_text(rules),
                restore=partial(
                    self._ec2.revoke_security_group_ingress,
                    GroupId=group_id,
                    IpPermissions=_without_empty(rules),
                ),
            )

    def _network_acls(self) -> Iterator[Difference]:
        """Every subnet must have the VPC's default ACL, and that must let everything through."""
        here = in_vpc(self._layout.vpc_id)
        acls: list[Any] = list(self._ec2.describe_network_acls(Filters=here)["NetworkAcls"])
        default: Any = next((acl for acl in acls if acl.get("IsDefault")), None)
        if default is None:
            return
        for subnet_id, subnet in self._layout.subnets():
            yield from self._acl_of_subnet(acls, default["NetworkAclId"], subnet_id, subnet)
        actual = _entries_text(default)
        if actual != ALLOW_ALL_TEXT:
            yield Difference(
                "Rules of the default network ACL",
                default["NetworkAclId"],
                ALLOW_ALL_TEXT,
                actual,
                restore=partial(self._allow_all, default),
            )

    def _acl_of_subnet(
        self, acls: list[Any], default_id: str, subnet_id: str, subnet: str
    ) -> Iterator[Difference]:
        acl = acl_of_subnet(acls, subnet_id)
        if acl and acl["NetworkAclId"] != default_id:
            yield Difference(
                f"Network ACL of the {subnet}",
                subnet_id,
                default_id,
                acl["NetworkAclId"],
                restore=partial(
                    self._ec2.replace_network_acl_association,
                    AssociationId=acl_association_id(acl, subnet_id),
                    NetworkAclId=default_id,
                ),
            )

    def _allow_only_https(self, found: list[Any]) -> None:
        """Allows HTTPS before it revokes the rest, so that calls are never cut off in between.

        A right destination is never revoked, not even for a moment. EC2 may list it in one rule
        together with wrong ones, so rules are taken apart first.
        """
        group_id = self._layout.group_id
        rules = [single for rule in found for single in _one_per_destination(rule)]
        wrong = [rule for rule in rules if _rules_text([rule]) != _rules_text([HTTPS_OUT])]
        if len(wrong) == len(rules):
            with ignoring(DONE_ALREADY):
                self._ec2.authorize_security_group_egress(
                    GroupId=group_id, IpPermissions=[HTTPS_OUT]
                )
        if wrong:
            with ignoring(DONE_ALREADY):
                self._ec2.revoke_security_group_egress(
                    GroupId=group_id, IpPermissions=_without_empty(wrong)
                )

    def _allow_all(self, acl: Any) -> None:
        """Adds the rules that allow everything before it deletes the others, for the same reason.

        The last rules stay, because AWS does not delete them; so do those of IPv6, which Egret's
        networks do not use.
        """
        acl_id = acl["NetworkAclId"]
        ipv4 = {(int(e["RuleNumber"]), e["Egress"]) for e in acl["Entries"] if e.get("CidrBlock")}
        taken = {(int(e["RuleNumber"]), e["Egress"]) for e in acl["Entries"]}
        for egress in (True, False):
            rule = {"NetworkAclId": acl_id, "RuleNumber": OPEN_RULE, "Egress": egress} | ALLOW_ALL
            if (OPEN_RULE, egress) in taken:
                self._ec2.replace_network_acl_entry(**rule)
            else:
                with ignoring(DONE_ALREADY):
                    self._ec2.create_network_acl_entry(**rule)
        for number, egress in ipv4:
            if number not in (OPEN_RULE, LAST_RULE):
                with ignoring(DONE_ALREADY):
                    self._ec2.delete_network_acl_entry(
                        NetworkAclId=acl_id, RuleNumber=number, Egress=egress
                    )


def _entries_text(acl: Any) -> str:
    """The ACL's IPv4 rules but the last ones, in words and in the order in which they apply."""
    entries = [e for e in acl["Entries"] if e.get("CidrBlock") and int(e["RuleNumber"]) < LAST_RULE]
    in_order = sorted(entries, key=lambda e: (not e["Egress"], int(e["RuleNumber"])))
    return "; ".join(_entry_text(entry) for entry in in_order) or NONE


def _entry_text(entry: Any) -> str:
    direction, to_or_from = ("outbound", "to") if entry["Egress"] else ("inbound", "from")
    is_all = entry["Protocol"] == ALL_PROTOCOLS
    traffic = "everything" if is_all else f"protocol {entry['Protocol']}"
    if ports := entry.get("PortRange"):
        traffic += f" {ports['From']}-{ports['To']}"
    action, number, cidr = entry["RuleAction"], entry["RuleNumber"], entry["CidrBlock"]
    return f"{direction} {number}: {action} {traffic} {to_or_from} {cidr}"


ALLOW_ALL_TEXT = _entries_text(
    {"Entries": [ALLOW_ALL | {"RuleNumber": OPEN_RULE, "Egress": out} for out in (True, False)]}
)


def _rules_text(rules: list[Any]) -> str:
    """A security group's rules in words. Sorted: AWS lists them in any order."""
    return "; ".join(sorted(_rule_text(rule) for rule in rules)) or NONE


def _rule_text(rule: Any) -> str:
    destinations = [
        destination.get(field, "")
        for kind, field in DESTINATION_KINDS.items()
        for destination in rule.get(kind, [])
    ]
    named = ", ".join(sorted(destinations))
    if rule["IpProtocol"] == ALL_PROTOCOLS:
        return f"everything to {named}"
    ports = sorted({rule.get("FromPort", 0), rule.get("ToPort", PORT_MAX)})
    return f"{rule['IpProtocol'].upper()} {'-'.join(str(port) for port in ports)}: {named}"


def _one_per_destination(rule: Any) -> Iterator[Any]:
    """Takes apart what EC2 lists as one rule: all destinations of a protocol and port range."""
    ports = {key: rule[key] for key in rule if key not in DESTINATION_KINDS}
    for kind in DESTINATION_KINDS:
        for destination in rule.get(kind, []):
            yield ports | {kind: [destination]}


def _without_empty(rules: list[Any]) -> Any:
    """The rules as EC2 accepts them back: it lists empty destinations, but does not take them."""
    return [{key: value for key, value in rule.items() if value != []} for rule in rules]
