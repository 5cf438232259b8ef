"""Which permissions a request needs: its action on its resource, and what comes with it.

The action and most resources are found by ministack. What it does differently from AWS is here, by
the service authorization reference. A request without an action that is known needs one that only
an administrator's wildcard allows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ministack import app as ministack
from ministack.core import iam_actions, router
from ministack.core.responses import get_account_id
from ministack.services import cloudformation, iam, kms, secretsmanager

from webapp.sandbox.embedded_aws.iam import ec2_requests
from webapp.sandbox.embedded_aws.iam.needs import Context, Need

AMBIGUOUS = "MoreThanOneAction"
"""No action of AWS: only an administrator may leave open which one is meant."""
WITHOUT_NAME = {"cloudformation:DescribeStacks": "cloudformation:ListStacks"}
BY_PATH = ("apigateway", "lambda", "s3")
"""Services that know an action by method and path alone."""
PASSED_TO = {"cloudformation": "cloudformation.amazonaws.com", "lambda": "lambda.amazonaws.com"}
ENCRYPTING = {
    "secretsmanager:CreateSecret": ("kms:GenerateDataKey", "kms:Decrypt"),
    "secretsmanager:PutSecretValue": ("kms:GenerateDataKey", "kms:Decrypt"),
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
}
"""Secrets Manager encrypts and decrypts as its caller, if the secret has a key of the customer."""
FORCE_DELETE = "ForceDeleteWithoutRecovery"
CONDITION_KEYS = {
    "lambda:AddPermission": "Principal",
    "secretsmanager:DeleteSecret": FORCE_DELETE,
}
"""The fields of requests that are condition keys, as far as our policies ask for them."""
TAGGING = frozenset(
    {
        "cloudformation:CreateChangeSet",
        "cloudformation:CreateStack",
        "cloudformation:UpdateStack",
        "kms:CreateKey",
        "lambda:CreateFunction",
        "logs:CreateLogGroup",
        "secretsmanager:CreateSecret",
    }
)
"""With tags they need TagResource as well."""
WITH_BOUNDARY = frozenset(
    f"iam:{verb}{kind}{what}"
    for kind in ("Role", "User")
    for verb, what in (
        ("Create", ""),
        ("Attach", "Policy"),
        ("Delete", "PermissionsBoundary"),
        ("Delete", "Policy"),
        ("Detach", "Policy"),
        ("Put", "PermissionsBoundary"),
        ("Put", "Policy"),
    )
)
"""The only actions that know the condition key `iam:PermissionsBoundary`."""
SETTING_BOUNDARY = frozenset(
    f"iam:{name}"
    for kind in ("Role", "User")
    for name in (f"Create{kind}", f"Put{kind}PermissionsBoundary")
)


@dataclass(frozen=True)
class Request:
    """What came in, after its signature was found right."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: bytes

    @cached_property
    def service(self) -> str:
        return str(router.detect_service(self.method, self.path, self.headers, self.query))

    @cached_property
    def region(self) -> str:
        return str(router.extract_region(self.headers, self.query))

    @property
    def is_encoded(self) -> bool:
        """Whether the body that is signed is not yet the one that the service gets."""
        encoding = self.headers.get("content-encoding", "").strip().lower()
        return (
            encoding not in ("", "identity")
            or "STREAMING-" in self.headers.get("x-amz-content-sha256", "")
            or "x-amz-decoded-content-length" in self.headers
        )

    @property
    def is_ambiguous(self) -> bool:
        """Whether it could name one action for IAM and another one for the service."""
        target, kind = self.headers.get("x-amz-target", ""), self.headers.get("content-type", "")
        named = iam_actions._action_from_query(self.form, self.body, kind)
        return bool(target and named) or bool(self.service in BY_PATH and (target or named))

    @cached_property
    def form(self) -> dict[str, list[str]]:
        """The fields of the query and of a body that is a form."""
        found: dict[str, list[str]] = ministack._routing_params(
            self.method, self.path, self.headers, self.body, self.query
        )
        return found

    @cached_property
    def json(self) -> dict[str, Any]:
        try:
            read = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}


def needs(request: Request) -> list[Need]:
    """All permissions that the request needs; the first is its own action."""
    service, form = request.service, request.form
    if request.is_ambiguous:
        return [Need(f"{service}:{AMBIGUOUS}", region=request.region)]
    action = iam_actions.extract_iam_action(
        service, request.method, request.path, request.headers, request.body, form
    )
    if action is None:
        name = request.headers.get("x-amz-target", "").rpartition(".")[2]
        return [Need(f"{service}:{name or 'UnknownAction'}", region=request.region)]
    first = {name: values[0] if values else "" for name, values in form.items()}
    if service == "ec2":
        name = action.partition(":")[2]
        return ec2_requests.needs(name, first, request.region, get_account_id())
    if action == "cloudformation:DescribeStacks" and not first.get("StackName"):
        action = WITHOUT_NAME[action]
    context: Context = dict(iam_actions.request_tag_context(service, action, request.body, form))
    context |= _asked(action, request.json)
    own = Need(action, _resource(request, service, action), context, request.region)
    return [_completed(own, first), *_beside(own, request, first)]


def _asked(action: str, given: Context) -> Context:
    """The service's own condition keys, which say what else the request asks for."""
    field = CONDITION_KEYS.get(action, "")
    if field not in given:
        return {}
    value = given[field]
    is_switch = field == FORCE_DELETE
    text = str(bool(value)).lower() if is_switch else str(value)
    return {f"{action.partition(':')[0]}:{field}": text}


def of_secret(need: Need, secret_id: str) -> list[Need]:
    """What reading or writing a secret needs: `need`, and its key's permissions if it has one."""
    return [need, *_encrypting(need, {"SecretId": secret_id})]


def _resource(request: Request, service: str, action: str) -> str:
    account, region, given = get_account_id(), request.region, request.json
    if action == "cloudformation:ListStacks":
        return f"arn:aws:cloudformation:{region}:{account}:stack/*/*"
    if action == "logs:DescribeLogGroups":
        return f"arn:aws:logs:{region}:{account}:log-group::log-stream:"
    if action == "lambda:CreateFunction":
        return f"arn:aws:lambda:{region}:{account}:function:{given.get('FunctionName', '')}"
    if action == "kms:ListAliases":
        return "*"
    change_set = request.form.get("ChangeSetName", [""])[0]
    if change_set in cloudformation._change_sets:
        return str(cloudformation._change_sets[change_set]["StackId"])
    found: str = iam_actions.extract_resource_arn(
        service,
        request.method,
        request.path,
        request.headers,
        request.body,
        request.form,
        region,
        account,
    )
    is_used = service == "kms" and not action.endswith("Alias")
    return _key_arn(found, region) if is_used and found != "*" else found


def _completed(need: Need, first: dict[str, str]) -> Need:
    """With the boundary that the request sets, if it can, or that its role or user has."""
    if need.action not in WITH_BOUNDARY:
        return need
    store = iam._roles if first.get("RoleName") else iam._users
    there = store.get(first.get("RoleName") or first.get("UserName")) or {}
    given = first.get("PermissionsBoundary") if need.action in SETTING_BOUNDARY else ""
    boundary = given or there.get("PermissionsBoundary") or ""
    if not boundary:
        return need
    context = need.context | {"iam:PermissionsBoundary": boundary}
    return Need(need.action, need.resource, context, need.region)


def _beside(need: Need, request: Request, first: dict[str, str]) -> list[Need]:
    """What comes with the action: tags, a role that is passed, encryption, drift."""
    service, _, name = need.action.partition(":")
    found = []
    if need.action in TAGGING and need.context.get("aws:TagKeys"):
        found.append(Need(f"{service}:TagResource", need.resource, need.context, need.region))
    role = first.get("RoleARN") if service == "cloudformation" else _given_to_lambda(request, name)
    if role and service in PASSED_TO:
        passed = {"iam:PassedToService": PASSED_TO[service]}
        found.append(Need("iam:PassRole", str(role), passed, need.region))
    if need.action == "cloudformation:DetectStackDrift":
        found.append(
            Need("cloudformation:DetectStackResourceDrift", need.resource, {}, need.region)
        )
        found.append(Need("cloudformation:BatchDescribeTypeConfigurations", region=need.region))
    if need.action in ENCRYPTING:
        found += _encrypting(need, request.json)
    return found


def _given_to_lambda(request: Request, name: str) -> Any:
    """The role that a function gets; what a function is called with may have that name too."""
    return request.json.get("Role") if name.startswith(("Create", "Update")) else None


def _encrypting(need: Need, given: dict[str, Any]) -> list[Need]:
    _, secret = secretsmanager._resolve(given.get("SecretId") or "")
    key = given.get("KmsKeyId") or (secret or {}).get("KmsKeyId") or ""
    if not key or key == "alias/aws/secretsmanager":
        return []
    arn = _key_arn(key, need.region)
    context = {
        "kms:ViaService": f"secretsmanager.{need.region}.amazonaws.com",
        "kms:CallerAccount": get_account_id(),
    }
    return [Need(action, arn, context, need.region) for action in ENCRYPTING[need.action]]


def _key_arn(key: str, region: str) -> str:
    """Of a KMS key that is named by its id, its ARN or an alias: a key's policy and tags count."""
    of_region = f"arn:aws:kms:{region}:{get_account_id()}"
    named = key if key.startswith("alias/") else f"key/{key}"
    arn = key if key.startswith("arn:") else f"{of_region}:{named}"
    target = kms._aliases.get(arn)
    return f"{of_region}:key/{target}" if target else arn
