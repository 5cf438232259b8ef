"""What a person or a program is given: a role, and for a program the areas of the API."""

from collections.abc import Iterable

from webapp.errors import Invalid
from webapp.models import Role
from webapp.models.texts import PERSON_MAX
from webapp.scope import may_be_a_person

AREAS = (
    "accounts",
    "addresses",
    "audit-events",
    "functions",
    "keys",
    "networks",
    "orphans",
    "templates",
    "tokens",
    "users",
)
"""The scopes that a token can have: what follows /api/v1/ in an address."""


def checked_role(text: str) -> Role:
    """Raises Invalid."""
    if text not in list(Role):
        raise Invalid(
            f"There is no role {text!r}: the roles are {', '.join(Role)}.",
            code="role_unknown",
            remedy="Choose one of them.",
            field="role",
        )
    return Role(text)


def checked_scopes(texts: Iterable[str]) -> list[str]:
    """Each once, in order; none means all areas. Raises Invalid."""
    scopes = sorted(set(texts))
    unknown = next((scope for scope in scopes if scope not in AREAS), None)
    if unknown is not None:
        raise Invalid(
            f"There is no scope {unknown!r}: the scopes are {', '.join(AREAS)}.",
            code="scope_unknown",
            remedy="Choose some of them, or none for all.",
            field="scopes",
        )
    return scopes


def checked_name(name: str, noun: str) -> str:
    """Of a person or a token, without the blanks around it. Raises Invalid."""
    name = name.strip()
    if not 1 <= len(name) <= PERSON_MAX or not name.isprintable():
        raise Invalid(
            f"A {noun} name has 1 to {PERSON_MAX} characters, and no line breaks.",
            field="name",
            remedy="Choose another name.",
        )
    if noun == "user" and not may_be_a_person(name):
        raise Invalid(
            f"In the audit trail, {name} is the name of something else.",
            code="bad_name",
            field="name",
            remedy="Choose another name.",
        )
    return name
