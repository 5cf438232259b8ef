"""Which permissions CloudFormation's handlers need for a resource, by the table beside it."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

from webapp.sandbox.embedded_aws.iam.needs import Context, Need, request_tags
from webapp.sandbox.embedded_aws.iam.tags import as_map, tags_of

Properties = dict[str, Any]

TABLE: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("handlers.toml").read_text()
)
UNKNOWN = "*"
CUSTOM = "UseCustomResource"
"""No action of AWS: only an administrator may use types that are not AWS's."""
FIELD = re.compile(r"\{([\w.]+)\}")
LINE = re.compile(r"(?:(\S+)\? )?(\S+)(?: (.+))?")


@dataclass(frozen=True)
class Resource:
    """A resource of a stack, and what is done to it: create, read, update or delete.

    `tags` are those that CloudFormation gives it; `before` are its properties until now; `role` is
    the ARN of the stack's service role, if it has one.
    """

    type: str
    step: str
    stack: str
    logical_id: str
    properties: Properties
    physical_id: str = ""
    before: Properties = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    role: str = ""

    @property
    def id(self) -> str:
        """The physical id; before there is one, the name that it will have, as far as is known."""
        named = TABLE.get(self.type, {}).get("name")
        if self.physical_id or not named:
            return self.physical_id or UNKNOWN
        return str(self.properties.get(named) or f"{self.stack}-{self.logical_id}-{UNKNOWN}")

    @property
    def all_tags(self) -> dict[str, str]:
        given = self.properties.get("Tags") or []
        return self.tags | (dict(given) if isinstance(given, dict) else as_map(given))


def needs(resource: Resource) -> list[Need]:
    """In the order in which the handler asks; of a type that the table lacks, what is named so."""
    row = TABLE.get(resource.type)
    if row is None:
        if not resource.type.startswith("AWS::"):
            return [Need(f"cloudformation:{CUSTOM}", region=get_region())]
        _, service, kind = resource.type.split("::", 2)
        return [Need(f"{service.lower()}:{resource.step.title()}{kind}", region=get_region())]
    return [need for line in row.get(resource.step, ()) for need in _of(resource, row, line)]


def _of(resource: Resource, row: dict[str, Any], line: str) -> Iterator[Need]:
    match = LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a line of the table: {line}")
    condition, action, named = match.groups()
    if condition and not any(_holds(resource, each) for each in condition.split("|")):
        return
    own = row["arn"]
    for name in _filled(resource, named or own):
        arn = _arn(action, name)
        is_own = named in (None, own)
        yield Need(action, arn, _context(resource, action, arn, is_own=is_own), get_region())


def _holds(resource: Resource, name: str) -> bool:
    new, old = resource.properties, resource.before
    if name == "+Tags":
        had = as_map(old.get("Tags")) if resource.step == "update" else {}
        return any(had.get(key) != value for key, value in resource.all_tags.items())
    if name == "-Tags":
        return bool(as_map(old.get("Tags")).keys() - resource.all_tags.keys())
    if name.startswith("-"):
        return name[1:] in old and name[1:] not in new
    if resource.step == "update":
        return bool(_part(new, name) != _part(old, name))
    return _part(new, name) is not None


def _part(properties: Properties, name: str) -> Any:
    """The property of that name; `a.b` is the part `b` of the property `a`."""
    found: Any = properties
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _filled(resource: Resource, template: str) -> list[str]:
    """The template with its names filled in: once for each value of a list."""
    names = FIELD.findall(template)
    values = []
    for name in names:
        value = resource.id if name == "id" else _part(resource.properties, name) or UNKNOWN
        values.append(value if isinstance(value, list) else [value])
    made = []
    for chosen in product(*values):
        filled = template
        for name, value in zip(names, chosen, strict=True):
            filled = filled.replace(f"{{{name}}}", str(value))
        made.append(filled)
    return made


def _arn(action: str, name: str) -> str:
    service, whole = action.partition(":")[0], name.find("arn:")
    if name == UNKNOWN or whole >= 0:
        return name[max(whole, 0) :]
    if service == "iam":
        return f"arn:aws:iam::{get_account_id()}:{name}"
    if service == "s3":
        return f"arn:aws:s3:::{name}"
    account = "" if service == "apigateway" else get_account_id()
    return f"arn:aws:{service}:{get_region()}:{account}:{name}"


def _context(resource: Resource, action: str, arn: str, *, is_own: bool) -> Context:
    context: Context = {}
    if resource.step in ("create", "update"):
        context |= request_tags(resource.all_tags)
    if is_own and not tags_of(arn):
        context |= {f"aws:ResourceTag/{key}": value for key, value in resource.all_tags.items()}
    if action == "ec2:CreateTags" and resource.step == "create":
        creating: str = TABLE[resource.type]["create"][0]
        context["ec2:CreateAction"] = creating.partition(":")[2]
    if action == "iam:PassRole":
        context["iam:PassedToService"] = "lambda.amazonaws.com"
    if action in ("iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"):
        context |= _boundary(resource)
    if action == "lambda:AddPermission":
        context["lambda:Principal"] = resource.properties.get("Principal", "")
    return context


def _boundary(resource: Resource) -> Context:
    named = resource.properties.get("Roles") or [resource.physical_id]
    role = iam._roles.get(named[0]) or {}
    boundary = resource.properties.get("PermissionsBoundary") or role.get("PermissionsBoundary")
    return {"iam:PermissionsBoundary": boundary} if boundary else {}
