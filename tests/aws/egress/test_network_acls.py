"""Network ACLs: the first rule that matches decides, for the call and for its answer."""

from typing import Any

import pytest

from webapp.aws.egress.hops import NO_PROBLEM
from webapp.aws.egress.network_acls import nat_subnet_problem, private_subnet_problem
from webapp.aws.vpc_parts import ANYWHERE

HTTPS = 443
INSIDE = "10.0.96.0/19"


def rule(
    number: int,
    action: str,
    *,
    out: bool,
    cidr: str = ANYWHERE,
    ports: tuple[int, int] | None = None,
    protocol: str = "6",
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "RuleNumber": number,
        "RuleAction": action,
        "Egress": out,
        "CidrBlock": cidr,
        "Protocol": protocol if ports else "-1",
    }
    return made | ({"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {})


LAST = [rule(32767, "deny", out=True), rule(32767, "deny", out=False)]
OPEN = [rule(100, "allow", out=True), rule(100, "allow", out=False)]
CALL = rule(100, "allow", out=True, ports=(HTTPS, HTTPS))
ANSWER = rule(100, "allow", out=False, ports=(1024, 65535))


def acl(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"NetworkAclId": "acl-1", "Entries": [*rules, *LAST]}


@pytest.mark.parametrize(
    "rules",
    [
        OPEN,
        [CALL, ANSWER],
        [*OPEN, rule(200, "deny", out=True, ports=(HTTPS, HTTPS))],
        [*OPEN, rule(50, "deny", out=True, ports=(80, 80))],
        [*OPEN, rule(50, "deny", out=False, ports=(22, 22))],
        [*OPEN, rule(50, "deny", out=False, ports=(1024, 65535), protocol="17")],
        [*OPEN, rule(50, "deny", out=True, cidr="192.0.2.0/24")],
        [
            CALL,
            rule(100, "allow", out=False, ports=(1024, 32767)),
            rule(110, "allow", out=False, ports=(32768, 65535)),
        ],
    ],
)
def test_letting_the_call_out_and_the_answer_in_is_no_problem(
    rules: list[dict[str, Any]],
) -> None:
    assert private_subnet_problem(acl(*rules), HTTPS) == NO_PROBLEM


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([], "outbound last rule (*) denies TCP port 443"),
        ([CALL], "inbound last rule (*) denies TCP port 1024"),
        ([rule(100, "allow", out=True, cidr="10.0.0.0/8"), ANSWER], "outbound last rule"),
        ([*OPEN, rule(90, "deny", out=True)], "outbound rule 90 denies TCP port 443"),
        (
            [*OPEN, rule(90, "deny", out=False, ports=(3389, 3389))],
            "inbound rule 90 denies TCP port 3389 from 0.0.0.0/0, where answers arrive",
        ),
        (
            [CALL, rule(100, "allow", out=False, ports=(1024, 32767))],
            "inbound last rule (*) denies TCP port 32768",
        ),
    ],
)
def test_the_first_rule_that_matches_and_denies_is_named(
    rules: list[dict[str, Any]], said: str
) -> None:
    assert said in private_subnet_problem(acl(*rules), HTTPS).detail


def test_before_a_nat_gateway_the_calls_from_inside_count_too() -> None:
    assert nat_subnet_problem(acl(*OPEN), HTTPS, INSIDE) == NO_PROBLEM
    rules = [CALL, ANSWER, rule(110, "allow", out=False, cidr="10.0.0.0/16")]
    closed = nat_subnet_problem(acl(*rules), HTTPS, INSIDE)
    assert f"to {INSIDE}" in closed.detail
    opened = rule(110, "allow", out=True, cidr="10.0.0.0/16", ports=(1024, 65535))
    assert nat_subnet_problem(acl(*rules, opened), HTTPS, INSIDE) == NO_PROBLEM


def test_a_subnet_whose_network_acl_is_not_found_is_closed() -> None:
    assert private_subnet_problem({}, HTTPS).detail
