"""Whether a principal may do what it needs, decided as IAM does, and told as IAM tells it.

An explicit deny anywhere decides. Otherwise each of these must allow: service control policies,
the identity's own policies, its boundary, its session's policies, and a KMS key's own policy. See
the IAM user guide, "Policy evaluation logic" and "Troubleshoot access denied error messages".
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext, ParsedStatement, PrincipalInfo
from ministack.services import iam, kms

from webapp.sandbox.embedded_aws.iam.limits import Limits
from webapp.sandbox.embedded_aws.iam.needs import Need
from webapp.sandbox.embedded_aws.iam.tags import tags_of
from webapp.sandbox.embedded_aws.iam.variables import filled

Statements = list[ParsedStatement]
Decision = tuple[str, str, bool]

PATH = "/_egret/decisions"
IDENTITY, BOUNDARY = "identity-based policy", "permissions boundary"
SCP, SESSION, RESOURCE = "service control policy", "session policy", "resource-based policy"
ARTICLES = {IDENTITY: "an"}
NAMING_ROLES_BY_ARN = ("iam:CreateRole", "iam:PassRole", "sts:AssumeRole")
FREE = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
"""AWS never refuses these, whatever the policies say."""


@dataclass(frozen=True)
class Refusal:
    """What was refused; as a text, what AWS says of it."""

    need: Need
    principal: str
    reason: str

    def __str__(self) -> str:
        resource = self.need.resource
        if ":role/" in resource and self.need.action not in NAMING_ROLES_BY_ARN:
            resource = f"role {resource.rpartition('/')[2]}"
        return (
            f"User: {self.principal} is not authorized to perform: {self.need.action} "
            f"on resource: {resource} {self.reason}"
        )


class Decisions:
    """`made` has each decision once: the principal's ARN, the action, whether it was allowed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.made: set[Decision] = set()

    def refusal(self, principal: PrincipalInfo, needs: Iterable[Need]) -> Refusal | None:
        """The first of the needs that the principal may not have; None if it may have all."""
        for need in needs:
            reason = "" if need.action in FREE else self._reason(principal, need)
            self.made.add((principal.arn, need.action, not reason))
            if reason:
                return Refusal(need, principal.arn, reason)
        return None

    async def serve(self, _scope: Any, _receive: Any, send: Any) -> None:
        """The ASGI application behind PATH: what was decided so far."""
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        body = json.dumps(sorted(self.made)).encode()
        await send({"type": "http.response.body", "body": body})

    def _reason(self, principal: PrincipalInfo, need: Need) -> str:
        context, layers = _context(principal, need), self._layers(principal)
        of_key = _by_key_policy(need, context)
        denying = [kind for kind, each in layers if _matches(context, each, "Deny")]
        denying += [RESOURCE] if of_key == "Deny" else []
        if denying:
            return f"with an explicit deny in {ARTICLES.get(denying[0], 'a')} {denying[0]}"
        missing = [kind for kind, each in layers if not _matches(context, each, "Allow")]
        missing += [RESOURCE] if of_key == "ImplicitDeny" else []
        missing += [IDENTITY] if self._limits.takes_away(principal.arn, need.action) else []
        return f"because no {missing[0]} allows the {need.action} action" if missing else ""

    def _layers(self, principal: PrincipalInfo) -> list[tuple[str, Statements]]:
        """The policies by what they are, in the order in which AWS asks them."""
        own = _flat(principal.policies or [])
        layers = [(SCP, scp) for scp in self._limits.scps(principal.arn)]
        layers.append((IDENTITY, own))
        layers += [(BOUNDARY, each) for each in self._limits.boundaries(principal.arn)]
        for limit in principal.limits:
            is_boundary = limit is principal.limits[0] and _has_boundary(principal)
            layers.append((BOUNDARY if is_boundary else SESSION, _flat(limit)))
        return layers


def _context(principal: PrincipalInfo, need: Need) -> EvalContext:
    tags = {f"aws:ResourceTag/{key}": value for key, value in tags_of(need.resource).items()}
    known = {key.lower(): value for key, value in (tags | need.context).items()}
    return EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=need.action,
        resource_arn=need.resource,
        region=need.region,
        service_context={"aws:tagkeys": None} | known,
        principal_keys=principal.keys,
    )


def _by_key_policy(need: Need, context: EvalContext) -> str:
    """What a KMS key's own policy says; it must allow even the account's users. '' without one."""
    if not need.action.startswith("kms:") or ":key/" not in need.resource:
        return ""
    policy, _ = kms.key_policy_for_arn(need.resource) or ("", "")
    return iam_evaluator.evaluate_resource_policy(policy, context).decision if policy else ""


def _matches(context: EvalContext, statements: Statements, effect: str) -> bool:
    about = (
        each
        for each in statements
        if each.effect == effect
        and iam_evaluator._action_matches(context.action, each.actions, each.not_actions)
    )
    return iam_evaluator._first_match(context, filled(about, context), effect) is not None


def _has_boundary(principal: PrincipalInfo) -> bool:
    store = iam._users if ":user/" in principal.arn else iam._roles
    name = principal.arn.split("/")[-1 if ":user/" in principal.arn else 1]
    return bool((store.get(name) or {}).get("PermissionsBoundary"))


def _flat(policies: Iterable[Statements]) -> Statements:
    return [statement for policy in policies for statement in policy]
