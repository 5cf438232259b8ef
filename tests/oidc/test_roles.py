"""Which claims give which role."""

from typing import Any

import pytest

from webapp.models import Role
from webapp.oidc.roles import VALUES_MAX, checked_rules, parse

GROUPS = "groups:egret-admins=admin, egret-ops = operator,everybody=viewer"


@pytest.mark.parametrize(
    ("rules", "claims", "role"),
    [
        ("", {"groups": ["egret-admins"]}, None),
        (GROUPS, {}, None),
        (GROUPS, {"groups": []}, None),
        (GROUPS, {"groups": ["others"]}, None),
        (GROUPS, {"groups": ["everybody", "egret-ops"]}, Role.OPERATOR),
        (GROUPS, {"groups": ["egret-admins", "everybody"]}, Role.ADMIN),
        (GROUPS, {"groups": "egret-ops"}, Role.OPERATOR),
        (GROUPS, {"groups": "egret-ops,egret-admins"}, None),
        (GROUPS, {"groups": {"egret-admins": True}}, None),
        (GROUPS, {"groups": [["egret-admins"], 7, None]}, None),
        (GROUPS, {"groups": ["x"] * VALUES_MAX + ["egret-admins"]}, None),
        (GROUPS, {"Groups": ["egret-admins"]}, None),
        ("groups:/egret/ops=operator", {"groups": ["/egret/ops"]}, Role.OPERATOR),
        ("groups:a=b=admin", {"groups": ["a=b"]}, Role.ADMIN),
        ("cognito:groups:ops=operator", {"cognito:groups": ["ops"]}, Role.OPERATOR),
        ("https://egret.example/role:boss=admin", {"https://egret.example/role": "boss"}, "admin"),
        ("realm_access.roles:boss=admin", {"realm_access": {"roles": ["boss"]}}, Role.ADMIN),
        ("realm_access.roles:boss=admin", {"realm_access": "boss"}, None),
        ("hd:example.com=viewer", {"hd": "example.com"}, Role.VIEWER),
        ("email:a@b.example=admin", {"email": "a@b.example", "email_verified": True}, Role.ADMIN),
        ("email:a@b.example=admin", {"email": "a@b.example", "email_verified": "true"}, None),
        ("email:a@b.example=admin", {"email": "a@b.example"}, None),
    ],
)
def test_the_highest_role_that_a_claim_gives_counts(
    rules: str, claims: dict[str, Any], role: Role | None
) -> None:
    assert parse(rules).role_of(claims) == role


@pytest.mark.parametrize(
    "text", ["groups", "groups=admin", ":a=admin", "groups:a", "groups:a=boss", "groups:a=admin,"]
)
def test_rules_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="set EGRET_OIDC_ROLES to a claim and its values"):
        checked_rules(text)
