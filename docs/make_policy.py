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
DETOURS = """## What somebody with the credentials could do

Egret has no permission to read a key. But its functions read them, and it may make functions. So
somebody who has the dashboard's credentials, or takes it over, could by a detour

- read the keys below `{prefix}/key/`: with a function of their own (or another code or variable,
  such as the partner's URL, of one that exists) that sends its key somewhere or logs it. The
  boundary keeps everything else from reading them: a role that Egret makes may do so only while
  the code of a function named by the prefix asks;
- change, delete or take out of use all that Egret made, the KMS key included. Secrets can be
  restored for 7 days, KMS keys for 7 days at least; an address that was released is lost;
- read the API keys of all callers in API Gateway, also those that Egret did not make;
- make paid things: networks, NAT gateways, addresses, functions;
- put a function into another VPC of the account, and reach what its network reaches;
- do all that to another dashboard whose prefix begins with `{prefix}-`;
- use other roles whose names begin with `{prefix}-` if they trust Lambda, or delete them. So give
  no other role such a name, and that of the dashboard neither;
- do what [cannot be confined](#what-cannot-be-confined).

They could not: make a role, or use one that Egret made, beyond the boundary; read another secret;
change the boundary or any policy; reach users, data, or other services.

Without a service role, the permissions in the column *CloudFormation* are the dashboard's own, and
each can be used directly. With one, those that the column *Dashboard* does not have too can be used
only by way of a stack named by the prefix, which CloudFormation changes as its template says: that
closes the detours by tags on KMS keys and REST APIs, since a stack tags nothing that it did not
make. The template itself cannot be confined.
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
        DETOURS,
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
