"""Rules: a pattern of what AWS says, beside what it means and what to do.

The first rule that matches counts. What a pattern names in `(?P<…>)` can be put into the advice.
The texts are those of stack events, of API errors and of public reports of both. Here are rules
about the account and who asks; `resource_rules` has those about what was asked for.
"""

import re
from dataclasses import dataclass

from webapp.aws.answers.kinds import Answer, Kind

SUPPORT = "https://console.aws.amazon.com/support/home"
WAITS_TYPICALLY = "20 to 40 minutes"
_IDS = re.compile(r"\b(?:vpc|subnet|sg|igw|rtb|acl|eni|nat|vpce|eipalloc)-[0-9a-z]+", re.IGNORECASE)


@dataclass(frozen=True)
class Rule:
    kind: Kind
    pattern: str
    cause: str = ""
    step: str = ""

    def answer(self, text: str) -> Answer | None:
        found = re.search(self.pattern, text, re.IGNORECASE)
        if not found:
            return None
        named = {name: value or "" for name, value in found.groupdict().items()}
        named["id"] = _id_in(text)
        return Answer(self.kind, self.cause.format(**named), self.step.format(**named))


def _id_in(text: str) -> str:
    """The first thing of EC2 that the text names by its id."""
    found = _IDS.search(text)
    return found[0] if found else "it"


FIRST = (
    Rule(
        Kind.ECHO,
        r"^\W*(?:resource (?:\w+ )?(?:was )?(?:cancel\w+|initiated)\b"
        r"|the following resource\(s\) failed to\b|(?:rollback|delete|deletion) requested by user"
        r"|user initiated"
        r"|(?:eventual )?consistency check initiated|requested update required? the creation)",
        step="AWS names no cause here. Look at the other events of the stack.",
    ),
    Rule(
        Kind.WAITING,
        r"waiting (?:for|on|until) .{0,30}network ?interfaces?\b|network ?interfaces? .{0,80}"
        r"to be (?:cleaned up|released|deleted)",
        "CloudFormation waits until Lambda has released the network interfaces of the functions.",
        f"There is nothing to do: this takes {WAITS_TYPICALLY}.",
    ),
    Rule(
        Kind.THROTTLED,
        r"^(?=.*ApiGateway).*(?:Too ?Many ?Requests|Status Code: 429)",
        "API Gateway is throttling: it takes few changes a minute.",
        "Try fewer, in a minute.",
    ),
    Rule(
        Kind.THROTTLED,
        r"Too ?Many ?Requests|Status Code: 429|HandlerErrorCode: Throttling|Rate (?:was )?exceeded"
        r"|Throttl(?:ed|ing)|RequestLimitExceeded|Request limit exceeded|RequestThrottled|SlowDown"
        r"|request rate .{0,20}(?:exceed|too high)",
        "AWS is throttling: too many changes at once.",
        "Try fewer, in a minute.",
    ),
)
"""Before any refusal: what says nothing about the resource."""
STATED = (
    Rule(
        Kind.VERIFICATION,
        r"Pending ?Verification|being verified|is being validated|under verification"
        r"|account verification|to be verified|not (?:yet )?(?:been )?verified",
        "AWS is still verifying the account, or its use of this region.",
        "Nobody but AWS can change that: it takes minutes, at most a few hours, and AWS writes an "
        f"e-mail. If it takes longer, write to aws-verification@amazon.com or ask at {SUPPORT}.",
    ),
    Rule(
        Kind.VERIFICATION,
        r"account .{0,40}(?:blocked|suspended|restricted|closed|deactivated)|not recognized as a "
        r"valid account|not subscribed to|SubscriptionRequired|needs? a subscription|OptInRequired"
        r"|sign-?up .{0,30}complete|account .{0,20}does not support",
        "AWS has not activated the account for this, or has blocked it.",
        "Nobody but AWS can change that: see whether the account's sign-up and means of payment "
        f"are complete, then ask at {SUPPORT}.",
    ),
    Rule(
        Kind.CREDENTIALS,
        r"security token (?:included in the request )?(?:is|has) (?:expired|invalid)|ExpiredToken"
        r"|InvalidClientTokenId|UnrecognizedClient|InvalidCredentials|token .{0,20}has expired"
        r"|validate the provided access credentials|AccessKeyId\W.{0,30}does not exist",
        "CloudFormation acted with the dashboard's credentials, which AWS no longer accepts.",
        "Renew them. With a service role (EGRET_SERVICE_ROLE_ARN), stacks do not depend on them.",
    ),
    Rule(
        Kind.NOT_READY,
        r"cannot be assumed by|(?:execution role|denied by EC2).{0,300}CreateNetworkInterface"
        r"|InsufficientRolePermissions|invalid principals?\b",
        "IAM had not made the new role, or its permissions, known everywhere yet.",
        "Egret tries a creation once more by itself. If it fails again, see whether a permissions "
        "boundary (EGRET_PERMISSIONS_BOUNDARY_ARN) or an organization's policy (SCP) refuses the "
        "role ec2:CreateNetworkInterface, or Lambda to assume it.",
    ),
    Rule(
        Kind.DEPENDENCY,
        r"AuthFailure.{0,40}permission to access the specified resource",
        "Something still has the address, such as a NAT gateway that AWS is deleting.",
        "Wait a minute. If it stays, the EC2 console shows under Elastic IPs what has it.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"is invalid or cannot be assumed",
        "CloudFormation cannot act with the service role.",
        "See that EGRET_SERVICE_ROLE_ARN names a role that exists, that cloudformation.amazonaws."
        "com may assume it, and that the dashboard may pass it (iam:PassRole).",
    ),
    Rule(
        Kind.BOUNDARY,
        r"does not exist or is not attachable",
        "The permissions boundary does not exist in this account.",
        "Set EGRET_PERMISSIONS_BOUNDARY_ARN to one that exists: the account's administrator can "
        "make it from what egret policy boundary prints.",
    ),
    Rule(
        Kind.ORGANIZATION,
        r"tag ?policy",
        "A tag policy of the organization refuses the tags.",
        "Set EGRET_TAGS, or the network's tags, to what it allows: the organization's "
        "administrator knows.",
    ),
    Rule(
        Kind.PERMISSION,
        r"KMS key is invalid|Access to KMS is not allowed|KMSAccessDenied|KMS Exception: Access",
        "AWS may not use the KMS key on behalf of who asked.",
        "Allow kms:Decrypt and kms:GenerateDataKey on the key: in the dashboard's policy, and in "
        "the key's own. The command egret policy prints all that it needs.",
    ),
    Rule(
        Kind.PERMISSION,
        r"new key policy will not allow you to update",
        step="Allow kms:PutKeyPolicy in the dashboard's policy (the service role's, if "
        "EGRET_SERVICE_ROLE_ARN is set). The command egret policy prints all that it needs.",
    ),
)
"""Between refusals that name a policy and those that do not."""
