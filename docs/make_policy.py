"""Writes docs/policy.md: every permission that Egret needs, what for, and for which resources.

    make policy                 (python -m docs.make_policy)

It is made of the grants that `egret policy` prints, so the two cannot differ.
"""

from collections.abc import Iterable
from pathlib import Path

from webapp.aws.policy import GRANTS, ON_ROLES, Grant, Why

PAGE = Path(__file__).parent / "policy.md"
INTRODUCTION = """# Permissions

What Egret may do in your account, and why. `make policy` writes this page from the source of
`egret policy`; do not edit it. [operations.md](operations.md#the-policies-that-egret-needs) says
how to use it.

*Dashboard* is what the dashboard itself calls. *CloudFormation* is what CloudFormation's handlers
call, for the properties that Egret's templates set: as the service role, or as the dashboard where
there is no service role. Names of resource types are CloudFormation's.
"""
UNCONFINED = """## What cannot be confined

These permissions reach beyond what Egret makes. AWS knows no narrower resource or condition for
them, or the thing has no tag yet.
"""
ON_ROLES_TITLE = """## The boundary

What any role that Egret makes may do at most. The policies above let roles be made only with this
boundary.
"""


def policy_text() -> str:
    """The page."""
    unconfined = [(grant.sid, grant.unconfined) for grant in GRANTS if grant.unconfined]
    parts = [
        INTRODUCTION,
        *(_section(grant) for grant in GRANTS),
        ON_ROLES_TITLE,
        *(_section(grant, level=3) for grant in ON_ROLES),
        UNCONFINED,
        _table(("statement", "why"), unconfined),
    ]
    return "\n".join(parts)


def _section(grant: Grant, level: int = 2) -> str:
    lines = [f"{'#' * level} {grant.sid}", "", f"On {_codes(grant.resources)}"]
    if grant.effect == "Deny":
        lines[-1] = f"Denied, on {_codes(grant.resources)}"
    for operator, keys in grant.condition.items():
        lines += [f"; {operator} {_condition(key, value)}" for key, value in keys.items()]
    table = _table(("action", "dashboard", "CloudFormation"), map(_row, grant.actions.items()))
    return "\n".join([*lines[:2], "".join(lines[2:]) + ".", "", table])


def _row(entry: tuple[str, Why]) -> tuple[str, str, str]:
    action, why = entry
    return f"`{action}`", why.own, why.handlers


def _condition(key: str, value: str | list[str]) -> str:
    return f"`{key}` = {_codes([value] if isinstance(value, str) else value)}"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [" | ".join(row) for row in (header, ("---",) * len(header), *rows)]
    return "\n".join([*(f"| {line} |" for line in lines), ""])


if __name__ == "__main__":
    PAGE.write_text(policy_text(), encoding="utf-8")
