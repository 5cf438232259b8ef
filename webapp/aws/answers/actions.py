"""Which of IAM's actions a refusal is about, for what, and whose call was refused.

AWS words refusals in many ways, and older handlers of CloudFormation add some. What they have in
common is how an action is written (`ec2:CreateVpc`), so that is what is looked for. Names come in
any case; Egret's own policies know how they are spelt.
"""

import re

from webapp.aws.policy import GRANTS, ON_ROLES

OWN_ACTIONS = {action.lower(): action for grant in (*GRANTS, *ON_ROLES) for action in grant.actions}
ON_EVERYTHING = frozenset(
    action
    for grant in GRANTS
    if grant.resources == ("*",) and not grant.condition
    for action in grant.actions
)
"""What Egret's policy allows on `*`, mostly because AWS knows no narrower resource."""
SERVICES = {action.partition(":")[0] for action in OWN_ACTIONS} | {"organizations", "s3", "sts"}
PREFIXES = {
    "amazoncloudformation": "cloudformation",
    "amazonec2": "ec2",
    "amazonidentitymanagement": "iam",
    "amazonapigateway": "apigateway",
    "awslambda": "lambda",
    "awslambdainternal": "lambda",
    "awslogs": "logs",
    "awskms": "kms",
    "awssecretsmanager": "secretsmanager",
    "cloudwatchlogs": "logs",
    "identitymanagement": "iam",
}
"""How the SDKs name services, where that is not their prefix in IAM."""
TOGETHER = (("iam:ListRolePolicies", "iam:ListAttachedRolePolicies"),)
"""The handler asks for one right after the other, so who lacks one lacks both."""
TAG_ACTIONS = {
    "apigateway": ("apigateway:GET", "apigateway:PUT", "apigateway:DELETE"),
    "ec2": ("ec2:CreateTags", "ec2:DeleteTags"),
    "iam": ("iam:TagRole", "iam:UntagRole", "iam:ListRoleTags"),
    "kms": ("kms:TagResource", "kms:UntagResource", "kms:ListResourceTags"),
    "lambda": ("lambda:TagResource", "lambda:UntagResource", "lambda:ListTags"),
    "logs": ("logs:TagResource", "logs:UntagResource", "logs:ListTagsForResource"),
    "secretsmanager": ("secretsmanager:TagResource", "secretsmanager:UntagResource"),
}
"""What the handlers of a service's types need where a stack has tags."""
SERVICE_ROLE_SESSION = "AWSCloudFormation"
"""The session's name when CloudFormation acts with a service role."""

_ENCODED = re.compile(r"encoded authorization failure message:? \S+", re.IGNORECASE)
_ARN = re.compile(r"arn:aws[\w-]*:[^\s\"',]+", re.IGNORECASE)
_ACTION = re.compile(r"(?<![\w:/.-])([a-z][a-z0-9-]+):([a-z]\w*\*?)(?![\w:/])", re.IGNORECASE)
_BARE_ACTION = re.compile(
    r"(?:permissions? to|authorized to perform):? (?:call |perform )?(?:the )?\W?([A-Z]\w+)\b",
)
_ON_SERVICE = re.compile(r" on ([A-Z][A-Za-z0-9]+)\b")
_SERVICE = re.compile(r"\(Service: (\w+)|\bdenied by (\w+)", re.IGNORECASE)
_RESOURCE = re.compile(
    r"on (?:the )?resources?:? ?[\"']?"
    r"((?:(?:role|user|group|policy|key) (?!because|with))?[^\s\"',;)]+)",
    re.IGNORECASE,
)
_PRINCIPAL = re.compile(r"User:? (arn:[^\s\"',]+)", re.IGNORECASE)


def actions_in(text: str, operation: str = "") -> tuple[str, ...]:
    """The actions that the refusal names, as IAM spells them; else that of the API's `operation`.

    () when AWS does not say which.
    """
    named = [_spelt(prefix, name) for prefix, name in _ACTION.findall(_plain(text))]
    found = [action for action in named if action]
    if not found and (bare := _bare_action(text) or _of_operation(operation)):
        found = [bare]
    for pair in TOGETHER:
        if set(pair) & set(found):
            found += pair
    return tuple(dict.fromkeys(found))


def tag_actions(text: str, resource_type: str) -> tuple[str, ...]:
    """What the type that a stack could not tag needs; () for one that is not known."""
    of_type = resource_type.split("::")[1].lower() if resource_type.count("::") > 1 else ""
    return TAG_ACTIONS.get(of_type) or TAG_ACTIONS.get(service_in(text), ())


def actions_of(resource_type: str) -> tuple[str, ...]:
    """What CloudFormation's handlers of the type need, by Egret's own policy."""
    name = resource_type.rpartition("::")[2]
    needed = (
        action
        for grant in GRANTS
        for action, why in grant.actions.items()
        if name and re.search(rf"\b{name}\b", why.handlers)
    )
    return tuple(dict.fromkeys(needed))


def service_in(text: str) -> str:
    """IAM's prefix of the service that refused; '' if the text does not name it."""
    found = _SERVICE.search(text)
    name = (found[1] or found[2]).lower() if found else ""
    return PREFIXES.get(name, name)


def resource_in(text: str) -> str:
    """What the action was asked for, mostly an ARN; '' if AWS does not say."""
    found = _RESOURCE.search(text)
    return found[1].rstrip(".:") if found else ""


def principal_in(text: str) -> tuple[str, bool]:
    """Who was refused, such as `role deploy`, and whether it is CloudFormation's service role."""
    found = _PRINCIPAL.search(text)
    if not found:
        return "", False
    kind, *names = found[1].split(":")[-1].split("/")
    if kind == "assumed-role" and names:
        return f"role {names[0]}", names[-1] == SERVICE_ROLE_SESSION
    return f"{kind} {'/'.join(names)}".strip(), False


def _plain(text: str) -> str:
    """Without what only looks like an action: ARNs, and the encoded part."""
    return _ARN.sub(" ", _ENCODED.sub(" ", text))


def _spelt(prefix: str, name: str) -> str:
    """The action as IAM spells it; '' for what is no action."""
    action = f"{prefix}:{name}"
    if known := OWN_ACTIONS.get(action.lower()):
        return known
    is_service = prefix.lower() in SERVICES or prefix.islower()
    return f"{prefix.lower()}:{name}" if is_service and prefix.lower() != "aws" else ""


def _bare_action(text: str) -> str:
    """`CreateLogGroup` with the service that the text names."""
    found = _BARE_ACTION.search(text)
    if not found:
        return ""
    on_service = _ON_SERVICE.match(text, found.end())
    service = on_service[1].lower() if on_service else service_in(text)
    return _spelt(service, found[1]) if service else _of_operation(found[1])


def _of_operation(operation: str) -> str:
    """An operation of the API has its action's name, and only one service of ours has it."""
    ends = f":{operation.lower()}"
    known = (action for lower, action in OWN_ACTIONS.items() if lower.endswith(ends))
    return next(known, operation)
