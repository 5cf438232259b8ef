"""Refusals: which policy refuses an action, and who can change that.

AWS names the kind of policy: "because no identity-based policy allows the … action" when none
allows it, "with an explicit deny in a service control policy" when one denies it. Older handlers
and some services leave that out. (IAM user guide, "Troubleshoot access denied error messages".)
"""

import re

from webapp.aws.answers.actions import (
    ON_EVERYTHING,
    actions_in,
    actions_of,
    principal_in,
    resource_in,
    tag_actions,
)
from webapp.aws.answers.kinds import Answer, Kind

POLICIES = "The command egret policy prints all that it needs."
DECODE = (
    "An administrator can read more with: aws sts decode-authorization-message --encoded-message …"
)
ROLE_ACTIONS = frozenset(
    {
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
    }
)
"""An account may demand a permissions boundary of every role, and so refuse these without it."""
DEMANDED = (
    "Set EGRET_PERMISSIONS_BOUNDARY_ARN to the boundary that the account demands of new roles (its "
    "administrator knows which) and restart Egret."
)
KINDS = (
    "service control",
    "resource control",
    "declarative",
    "permissions boundary",
    "identity-based",
    "session",
    "endpoint",
    "trust",
    "resource",
)
"""What AWS calls the kinds of policies, without that word."""
SHORT = {"scp": "service control", "rcp": "resource control"}
WAITING_DOES_NOT_HELP = (
    "No policy of the account can allow it, and it does not pass by itself. Ask the organization's "
    "administrator: nobody else can change that."
)
_BY_ALLOW = re.compile(
    r"\bno (permissions boundary|[a-z][\w -]*?(?= polic))(?: policy| policies)? allow",
    re.IGNORECASE,
)
_BY_DENY = re.compile(
    r"explicit(?:ly)? den(?:y|ied)\b(?: (?:in|by) (?:an?|the) ([a-z][\w -]*?(?:policy|policies"
    r"|boundary))\b)?(?:: ?(arn:[^\s\"',()]+))?",
    re.IGNORECASE,
)
_MENTIONED = re.compile(
    r"\b((?:service control|resource control|declarative)(?= polic)|[SR]CP(?=s?\b))",
    re.IGNORECASE,
)
_ANY = re.compile(
    r"not authori[sz]ed\b|authori[sz]ation failure|access ?(?:is |was |has been )?denied"
    r"|unauthori[sz]ed"
    r"|(?:do(?:es)?n't|do(?:es)? not|not) have (?:the )?(?:\w+ )?permissions?"
    r"|permissions? .{0,90}(?:is|are) required|(?:missing|insufficient|required|lack\w*|tag)"
    r"(?: \w+)? permissions?\b|explicit(?:ly)? den(?:y|ied)|den(?:y|ied) by"
    r"|disabled .{0,40}by|blocked by",
    re.IGNORECASE,
)
_TAGGING = re.compile(r"tagging operation|set tags on|\bUnauthorizedTagging", re.IGNORECASE)
_ENCODED = re.compile(r"encoded authorization failure message", re.IGNORECASE)


def named_refusal(text: str, operation: str = "") -> Answer | None:
    """The refusal whose kind of policy AWS names; None for any other text."""
    who = _refuser(text)
    if not who:
        return None
    refuser, policy = who
    actions = actions_in(text, operation)
    what = _what(actions, resource_in(text))
    if refuser in KINDS[:3]:
        short = {"service control": " (SCP)", "resource control": " (RCP)"}.get(refuser, "")
        of = f", {policy}," if policy else ""
        cause = f"A {refuser} policy{short} of the organization{of} refuses {what}."
        step = WAITING_DOES_NOT_HELP
        if ROLE_ACTIONS & set(actions):
            step = f"It may demand a permissions boundary: {DEMANDED} If that is set: {step}"
        return Answer(Kind.ORGANIZATION, cause, step, actions=actions)
    if refuser == "permissions boundary":
        return _by_boundary(text, actions, what, policy)
    return _by_policy(text, refuser, actions, what, policy)


def other_refusal(text: str, resource_type: str = "", operation: str = "") -> Answer | None:
    """A refusal of which AWS does not say what refuses it; None for any other text."""
    if not _ANY.search(text):
        return None
    actions = actions_in(text, operation)
    tags = _TAGGING.search(text)
    if tags and not actions:
        actions = tag_actions(text, resource_type)
    if not actions:
        needed = _and(actions_of(resource_type))
        step = f"{resource_type} needs {needed}. " if needed else ""
        step += (
            "Compare the dashboard's policy, and the service role's if EGRET_SERVICE_ROLE_ARN is "
            f"set, with what egret policy prints. {_decode(text)}"
        )
        cause = "A permission is missing, and AWS does not say which."
        return Answer(Kind.PERMISSION, cause, step.strip())
    is_of_stack = bool(resource_type) or "HandlerErrorCode" in text or "API: " in text
    return _missing(text, actions, is_of_stack, "Tags need these too." if tags else "")


def _refuser(text: str) -> tuple[str, str] | None:
    """The kind of policy that refuses, one of KINDS or `some`, and its ARN if AWS gives it."""
    denied, allowed = _BY_DENY.search(text), _BY_ALLOW.search(text)
    named = (denied and denied[1]) or (allowed and allowed[1]) or ""
    kind = next((kind for kind in KINDS if kind in named.lower()), "")
    mentioned = _MENTIONED.search(text) if _ANY.search(text) else None
    if not kind and mentioned:
        kind = SHORT.get(mentioned[1].lower(), mentioned[1].lower())
    policy = (denied[2] or "").rstrip(".") if denied else ""
    if denied:
        return kind or "some", policy
    return (kind, "") if kind and kind != "identity-based" else None


def _by_boundary(text: str, actions: tuple[str, ...], what: str, policy: str) -> Answer:
    """The boundary is that of whoever asked, and may ask that new roles get one too."""
    whose = _whose(text)
    cause = f"The permissions boundary of {whose}{f' ({policy})' if policy else ''} refuses {what}."
    elsewhere = (
        f"The account's administrator can allow it in that boundary; allowing it in the policy of "
        f"{whose} does not help."
    )
    step = f"{DEMANDED} If that is set: {elsewhere[0].lower()}{elsewhere[1:]}"
    is_about_roles = bool(ROLE_ACTIONS & set(actions))
    return Answer(Kind.BOUNDARY, cause, step if is_about_roles else elsewhere, actions=actions)


def _by_policy(text: str, refuser: str, actions: tuple[str, ...], what: str, policy: str) -> Answer:
    whose = _whose(text)
    named = f" ({policy})" if policy else ""
    if refuser in ("identity-based", "some") and ROLE_ACTIONS & set(actions):
        cause = f"A policy{named} denies {what} explicitly."
        step = (
            f"{DEMANDED} If that is set, a policy of the account, or of its organization, has a "
            "Deny: its administrator can find it and take it away."
        )
        return Answer(Kind.BOUNDARY, cause, step, actions=actions)
    if refuser in ("identity-based", "some"):
        owner = f"A policy of {whose}{named}" if refuser == "identity-based" else "A policy"
        cause = f"{owner} denies {what} explicitly, so allowing it elsewhere does not help."
        step = "The account's administrator can take that Deny away, or make an exception."
        if refuser == "some":
            step += " If it is an organization's policy (SCP), only its administrator can."
    elif refuser == "session":
        cause = f"The session policy{named} of {whose} refuses {what}."
        step = (
            "Give the dashboard credentials without a session policy, or one that allows it: who "
            "hands out the credentials decides that."
        )
    elif refuser == "endpoint":
        cause = f"The policy of a VPC endpoint{named} refuses {what}: calls to AWS pass through it."
        step = "Who manages that endpoint can allow it in the endpoint's policy."
    elif refuser == "trust":
        cause = f"The trust policy of the role{named} refuses {what}."
        step = "The account's administrator can add who asks to the role's trust policy."
    else:
        cause = f"The policy{named} of the resource itself refuses {what}."
        step = "Who owns that resource can allow it in the resource's own policy."
    return Answer(Kind.PERMISSION, cause, step, actions=actions)


def _missing(text: str, actions: tuple[str, ...], is_of_stack: bool, tags: str) -> Answer:
    """No policy allows it: the one case that the policies of Egret settle.

    CloudFormation acts with the service role if there is one; of a call of Egret's own, it is sure
    whose policy it is.
    """
    principal, is_service_role = principal_in(text)
    policy = "the service role's policy" if is_service_role else "the dashboard's policy"
    if principal:
        policy += f" ({principal})"
    elif is_of_stack:
        policy += " (the service role's, if EGRET_SERVICE_ROLE_ARN is set)"
    where = ", on *" if set(actions) <= ON_EVERYTHING else ""
    steps = [f"Allow {_and(actions)} in {policy}{where}: the account's administrator can."]
    resource = resource_in(text)
    steps += [f"It was asked for {resource}."] if resource else []
    if ROLE_ACTIONS & set(actions):
        steps.append(
            "Egret's policy allows it only with the boundary in EGRET_PERMISSIONS_BOUNDARY_ARN, so "
            "see that this is set."
        )
    steps += [tags, POLICIES, _decode(text)]
    return Answer(Kind.PERMISSION, step=" ".join(filter(None, steps)), actions=actions)


def _whose(text: str) -> str:
    principal, is_service_role = principal_in(text)
    if is_service_role:
        return f"CloudFormation's service role ({principal})"
    return f"the dashboard ({principal})" if principal else "whom the dashboard runs as"


def _what(actions: tuple[str, ...], resource: str) -> str:
    what = _and(actions) or "what was asked for"
    return f"{what} on {resource}" if resource else what


def _decode(text: str) -> str:
    return DECODE if _ENCODED.search(text) and "because" not in text else ""


def _and(actions: tuple[str, ...]) -> str:
    return " and ".join(filter(None, [", ".join(actions[:-1]), actions[-1]])) if actions else ""
