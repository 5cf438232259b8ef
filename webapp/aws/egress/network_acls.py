"""Network ACLs: stateless, so a call needs a rule out and another one for its answer.

Rules count in the order of their numbers, and the first that matches decides. Rules for narrower
ranges than the one that is asked about are not followed. (VPC user guide, "Network ACL rules" and
"Ephemeral ports".)
"""

from ipaddress import IPv4Network
from typing import Any

from webapp.aws.egress.hops import SOUND, Fault

ANYWHERE = "0.0.0.0/0"
ALL_PROTOCOLS, TCP = "-1", ("6", "tcp")
PORT_MAX = 65535
EPHEMERAL = (1024, PORT_MAX)
"""The ports that answers come to: those of a NAT gateway and of Lambda."""
LAST_RULE = 32767
"""The rule that every network ACL ends with, and that cannot be removed."""


def fault_of_private(acl: Any, port: int) -> Fault:
    """What stops a call from a private subnet to anywhere, or its answer."""
    return _first(
        _refused(acl, "outbound", ANYWHERE, (port, port)),
        _refused(acl, "inbound", ANYWHERE, EPHEMERAL),
    )


def fault_of_public(acl: Any, port: int, inside: str) -> Fault:
    """What stops a call that a NAT gateway passes on for the range `inside`, or its answer."""
    return _first(
        _refused(acl, "inbound", inside, (port, port)),
        _refused(acl, "outbound", ANYWHERE, (port, port)),
        _refused(acl, "inbound", ANYWHERE, EPHEMERAL),
        _refused(acl, "outbound", inside, EPHEMERAL),
    )


def _first(*faults: Fault) -> Fault:
    return next((fault for fault in faults if fault.detail), SOUND)


def _refused(acl: Any, direction: str, cidr: str, ports: tuple[int, int]) -> Fault:
    """The fault of an ACL that does not let all of `ports` through."""
    rules = _rules(acl, direction == "outbound", cidr)
    for port in _ports_that_matter(rules, ports):
        rule: Any = next((rule for rule in rules if _is_about(rule, port)), {})
        if rule.get("RuleAction") != "allow":
            return _fault(rule.get("RuleNumber", LAST_RULE), direction, cidr, ports, port)
    return SOUND


def _fault(number: int, direction: str, cidr: str, ports: tuple[int, int], port: int) -> Fault:
    way = "to" if direction == "outbound" else "from"
    asked = f"TCP port {port}" if ports[0] == ports[1] else f"TCP ports {ports[0]}-{ports[1]}"
    which = "last rule (*)" if number == LAST_RULE else f"rule {number}"
    answers = ", where answers arrive" if ports == EPHEMERAL else ""
    before = "" if number == LAST_RULE else f" with a number below {number}"
    return Fault(
        f"Its {direction} {which} denies TCP port {port} {way} {cidr}{answers}.",
        f"Add an {direction} rule{before} that allows {asked} {way} {cidr}; or associate the "
        "subnet with the VPC's default network ACL, as Egret made it.",
    )


def _rules(acl: Any, egress: bool, cidr: str) -> list[Any]:
    """The rules that are about TCP and all of `cidr`, in the order in which they count."""
    mine = [
        rule
        for rule in acl.get("Entries", [])
        if rule["Egress"] is egress
        and rule["Protocol"] in (ALL_PROTOCOLS, *TCP)
        and "CidrBlock" in rule
        and IPv4Network(rule["CidrBlock"], strict=False).supernet_of(IPv4Network(cidr))
    ]
    return sorted(mine, key=lambda rule: int(rule["RuleNumber"]))


def _ports_that_matter(rules: list[Any], ports: tuple[int, int]) -> list[int]:
    """Between two of them, no other rule begins to count."""
    first, last = ports
    edges = {edge for rule in rules for edge in (_range(rule)[0], _range(rule)[1] + 1)}
    return sorted({first, *(edge for edge in edges if first < edge <= last)})


def _is_about(rule: Any, port: int) -> bool:
    first, last = _range(rule)
    return first <= port <= last


def _range(rule: Any) -> tuple[int, int]:
    if rule["Protocol"] == ALL_PROTOCOLS:
        return 0, PORT_MAX
    ports: Any = rule.get("PortRange") or {}
    return ports.get("From", 0), ports.get("To", PORT_MAX)
