"""Which claims give which role: `groups:egret-admins=admin,egret-ops=operator`.

A claim is a text or a list of texts. Its name may have colons (`cognito:groups`), and dots where it
is inside another one (`realm_access.roles`). The highest role counts; without a rule that fits,
there is none. E-mail addresses count only when the provider says that they are verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.models.role import Role

VALUES_MAX = 1000
"""Of one claim; those that come after them give nothing."""


@dataclass(frozen=True)
class RoleRules:
    """Nobody has a role without rules."""

    claim: str = ""
    roles: tuple[tuple[str, Role], ...] = ()

    def are_told(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claims have the one that counts, whatever it says."""
        return _claim(claims, self.claim) is not None

    def role_of(self, claims: Mapping[str, Any]) -> Role | None:
        """The highest that the claims give, or None."""
        found = _claim(claims, self.claim)
        values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        if self.claim == "email" and claims.get("email_verified") is not True:
            values = []
        given = [role for value, role in self.roles if value in values[:VALUES_MAX]]
        return max(given, key=list(Role).index, default=None)


def parse(text: str) -> RoleRules:
    """Raises ValueError."""
    if not text.strip():
        return RoleRules()
    beginning, _, _ = text.partition("=")
    claim, colon, _ = beginning.rpartition(":")
    if not colon or not claim.strip():
        raise ValueError("it has no claim before a colon")
    pairs = [pair.rpartition("=") for pair in text[len(claim) + 1 :].split(",")]
    for value, _, role in pairs:
        if not value.strip() or role.strip() not in list(Role):
            raise ValueError(f"after each value comes = and one of {', '.join(Role)}")
    roles = tuple((value.strip(), Role(role.strip())) for value, _, role in pairs)
    return RoleRules(claim.strip(), roles)


def checked_rules(text: str) -> str:
    """The text itself. Raises ValueError with what to set."""
    try:
        parse(text)
    except ValueError as error:
        raise ValueError(
            "set EGRET_OIDC_ROLES to a claim and its values, such as "
            f"groups:egret-admins=admin,egret-ops=operator: {error}"
        ) from None
    return text


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """By its whole name, or along its dots."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
