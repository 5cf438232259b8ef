"""Network ACLs are stateless: a call needs one rule for itself and another for its answer.

Rules apply in the order of their numbers, and the first that matches decides. Rules for narrower
ranges than the one asked about are ignored. (VPC user guide, "Network ACL rules" and "Ephemeral
ports".)
"""

from ipaddress import IPv4Network
from typing import Any

from webapp.aws.egress.hops import NO_PROBLEM, Problem
from webapp.aws.vpc_parts import ALL_PROTOCOLS, ANYWHERE, PORT_MAX, TCP

EPHEMERAL = (1024, PORT_MAX)
"""The ports that answers arrive at: those which NAT gateways and Lambda choose from."""
LAST_RULE = 32767
"""The number of the rule that denies everything else. AWS adds it and it cannot be removed."""


def private_subnet_problem(acl: Any, port: int) -> Problem:
    """What stops a call from a private subnet to anywhere, or its answer."""
    return _first(
        _denied(acl, "outbound", ANYWHERE, (port, port)),
        _denied(acl, "inbound", ANYWHERE, EPHEMERAL),
    )


def nat_subnet_problem(acl: Any, port: int, inside: str) -> Problem:
    """What stops a call that a NAT gateway forwards for the range `inside`, or its answer."""
    return _first(
        _denied(acl, "inbound", inside, (port, port)),
        _denied(acl, "outbound", ANYWHERE, (port, port)),
        _denied(acl, "inbound", ANYWHERE, EPHEMERAL),
        _denied(acl, "outbound", inside, EPHEMERAL),
    )


def _first(*problems: Problem) -> Problem:
    return next((problem for problem in problems if problem.detail), NO_PROBLEM)


def _denied(acl: Any, direction: str, cidr: str, ports: tuple[int, int]) -> Problem:
    """The problem of an ACL that does not let all of `ports` through."""
    rules = _rules(acl, direction == "outbound", cidr)
    for port in _ports_to_try(rules, ports):
        rule: Any = next((rule for rule in rules if _matches(rule, port)), {})
        if rule.get("RuleAction") != "allow":
            return _problem(rule.get("RuleNumber", LAST_RULE), direction, cidr, ports, port)
    return NO_PROBLEM


def _problem(number: int, direction: str, cidr: str, ports: tuple[int, int], port: int) -> Problem:
    to_or_from = "to" if direction == "outbound" else "from"
    needed = f"TCP port {port}" if ports[0] == ports[1] else f"TCP ports {ports[0]}-{ports[1]}"
    which = "last rule (*)" if number == LAST_RULE else f"rule {number}"
    answers = ", where answers arrive" if ports == EPHEMERAL else ""
    before = "" if number == LAST_RULE else f" with a number below {number}"
    return Problem(
        f"Its {direction} {which} denies TCP port {port} {to_or_from} {cidr}{answers}.",
        f"Add an {direction} rule{before} that allows {needed} {to_or_from} {cidr}; or associate "
        "the subnet with the VPC's default network ACL, as Egret made it.",
    )


def _rules(acl: Any, egress: bool, cidr: str) -> list[Any]:
    """The rules about TCP and all of `cidr`, in the order in which they apply."""
    relevant = [
        rule
        for rule in acl.get("Entries", [])
        if rule["Egress"] is egress
        and rule["Protocol"] in (ALL_PROTOCOLS, *TCP)
        and "CidrBlock" in rule
        and IPv4Network(rule["CidrBlock"], strict=False).supernet_of(IPv4Network(cidr))
    ]
    return sorted(relevant, key=lambda rule: int(rule["RuleNumber"]))


def _ports_to_try(rules: list[Any], ports: tuple[int, int]) -> list[int]:
    """The first port, and each at which another rule begins to match; no others can differ."""
    first, last = ports
    edges = {edge for rule in rules for edge in (_range(rule)[0], _range(rule)[1] + 1)}
    return sorted({first, *(edge for edge in edges if first < edge <= last)})


def _matches(rule: Any, port: int) -> bool:
    first, last = _range(rule)
    return first <= port <= last


def _range(rule: Any) -> tuple[int, int]:
    if rule["Protocol"] == ALL_PROTOCOLS:
        return 0, PORT_MAX
    ports: Any = rule.get("PortRange") or {}
    return ports.get("From", 0), ports.get("To", PORT_MAX)
