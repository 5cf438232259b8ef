"""All other kinds: a pattern of what AWS says, beside what it means and what to do.

The first rule that matches counts. A handler's error code comes last, since it says least: AWS
sends `GeneralServiceException` for almost anything. What a pattern names in `(?P<…>)` can be put
into the advice. The texts are those of stack events, of API errors and of public reports of both.
(CloudFormation CLI user guide, "Handler error codes".)
"""

import re
from dataclasses import dataclass

from webapp.aws.answers.kinds import Answer, Kind

OTHER_ZONES = (
    "AWS has no NAT gateways or no Lambda in this zone, so leave it out. Delete this network, "
    "which keeps its addresses, and create one that names other zones."
)
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
        r"|the following resource\(s\) failed to\b|rollback requested by user|user initiated"
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
        r"(?=.*ApiGateway).*(?:Too ?Many ?Requests|Status Code: 429)",
        "API Gateway is throttling: it takes few changes a minute.",
        "Try fewer, in a minute.",
    ),
    Rule(
        Kind.THROTTLED,
        r"Too ?Many ?Requests|Status Code: 429|HandlerErrorCode: Throttling|Rate (?:was )?exceeded"
        r"|Throttling|RequestLimitExceeded|Request limit exceeded|RequestThrottled|SlowDown"
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
        r"|account verification|not (?:yet )?(?:been )?verified",
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
        r"cannot be assumed by|(?:execution role|denied by EC2).*CreateNetworkInterface"
        r"|InsufficientRolePermissions|Invalid principal in policy",
        "IAM had not made the new role, or its permissions, known everywhere yet.",
        "Egret tries a creation once more by itself. If it fails again, see whether a permissions "
        "boundary (EGRET_PERMISSIONS_BOUNDARY_ARN) or an organization's policy (SCP) refuses the "
        "role ec2:CreateNetworkInterface, or Lambda to assume it.",
    ),
    Rule(
        Kind.PERMISSION,
        r"new key policy will not allow you to update",
        step="Allow kms:PutKeyPolicy in the dashboard's policy (the service role's, if "
        "EGRET_SERVICE_ROLE_ARN is set). The command egret policy prints all that it needs.",
    ),
)
"""Between refusals that name a policy and those that do not."""
LAST = (
    Rule(
        Kind.NOT_OFFERED,
        r"NotAvailableInZone|not (?:available|supported|offered) in (?:the |this |your )?(?:\S+ )?"
        r"(?:availability )?zone|availability zone Lambda doesn't support"
        r"|Subnets can currently only be created in|UnsupportedAvailabilityZone",
        step=OTHER_ZONES,
    ),
    Rule(
        Kind.NOT_OFFERED,
        r"not (?:available|supported|offered) in (?:this |the |your )?(?:\S+ )?(?:region|partition)"
        r"|Unrecognized resource types?|InvalidAction|UnsupportedOperation|unsupported region"
        r"|region .{0,40}(?:not enabled|disabled|does not support)",
        "AWS does not have this in the region, or the account has not enabled the region.",
        "Use another region, or enable it in the account.",
    ),
    Rule(
        Kind.NAME_TAKEN,
        r"EarlyValidation::ResourceExistenceCheck",
        "A log group, function, role or alias of that name exists already, and this stack did not "
        "make it.",
        "Delete it in AWS, or choose another name. If AWS does not name it here, do the events of "
        "the stack: aws cloudformation describe-events --stack-name …",
    ),
    Rule(
        Kind.NAME_TAKEN,
        r"already exists in stack (?P<stack>[^\s\"]+)",
        "Something of that name exists already: it belongs to the stack {stack}.",
        "Delete that stack, or choose another name.",
    ),
    Rule(
        Kind.NAME_TAKEN,
        r"(?:\"/properties/\w+\":\"|with (?:the )?name |already exists?: |named? )['\"]?"
        r"(?P<name>[^\s\"'(){}]+)[\s\S]*(?:already exists?|AlreadyExists)"
        r"|already exists?: (?P<name2>\S+)|(?P<name3>/aws/\S+|alias/\S+) already exists",
        "Something of that name exists already, and this stack did not make it: "
        "{name}{name2}{name3}.",
        "Delete it in AWS, or choose another name.",
    ),
    Rule(
        Kind.NAME_TAKEN,
        r"already exists?\b|AlreadyExists|\.Duplicate\b|name .{0,30}(?:is|was) already (?:taken|in "
        r"use)|ResourceConflictException.*exist",
        "Something of that name exists already, and this stack did not make it.",
        "Delete it in AWS, or choose another name.",
    ),
    Rule(
        Kind.DEPENDENCY,
        r"mapped public address",
        "Something in the network's VPC that is not Egret's holds a public address.",
        "Find it in the EC2 console under Elastic IPs and Network interfaces: release the address, "
        "or delete what has it.",
    ),
    Rule(
        Kind.DEPENDENCY,
        r"must (?:detach|remove|delete) .{0,60}first|DeleteConflict",
        "Somebody attached a policy to the role, or uses it in an instance profile.",
        "Detach that in the IAM console.",
    ),
    Rule(
        Kind.DEPENDENCY,
        r"is already associated|AlreadyAssociated",
        "Something else uses the address: {id}.",
        "Disassociate it in the EC2 console.",
    ),
    Rule(
        Kind.DEPENDENCY,
        r"(?:has|have) (?:\w+ )?depende\w+|DependencyViolation"
        r"|(?:is|are) (?:still |currently |being )?(?:in use|used)\b|ResourceInUse|\.InUse\b"
        r"|still (?:has|have|contains?)",
        "Something that this stack did not make uses {id}, so AWS does not delete it.",
        "Remove what uses it: Egret names what it finds in the VPC.",
    ),
)
UNUSABLE = (
    Rule(
        Kind.UNUSABLE,
        r"could not be associated with this NAT gateway|InvalidAllocationID|InvalidAddress"
        r"|allocation ?id .{0,60}(?:does not exist|not found)|network border group",
        "The address was released outside Egret, or belongs to another border group.",
        "Recover it on the Addresses page.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"InsufficientFreeAddresses|not (?:have )?enough free (?:ip )?addresses",
        "The subnet has no free addresses.",
        "Free some, or use a network with a larger range.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"has no internet gateway attached|Gateway\.NotAttached",
        "The VPC has no internet gateway: it was detached outside Egret.",
        "Attach it again in the VPC console, or delete the network and create it on the same "
        "addresses.",
    ),
    Rule(
        Kind.OUTAGE,
        r"sufficient capacity|Insufficient\w*Capacity|Internal(?: \w+)? ?(?:Error|Failure)"
        r"|Service ?Unavailable|Status Code: 5\d\d|ServiceInternalError|NetworkFailure"
        r"|ServiceTimeout|HandlerInternalFailure|HandlerErrorCode: ResourceConflict"
        r"|ConcurrentModification",
        "AWS failed for a reason of its own.",
        "Wait a few minutes; https://health.aws.amazon.com says whether it is a known problem.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"\.NotFound\b|HandlerErrorCode: NotFound|does not exist|(?:cannot|could not) be found"
        r"|was not found|NotFoundException|NoSuchEntity",
        "Something that the stack refers to was deleted outside Egret.",
        "Drift on the network's page shows what is missing.",
    ),
    Rule(
        Kind.TEMPLATE,
        r"EarlyValidation::",
        "CloudFormation refused the stack before it made anything.",
        "The events of the stack name the property: aws cloudformation describe-events "
        "--stack-name …",
    ),
    Rule(
        Kind.OUTAGE,
        r"timed out|time-?out|NotStabilized|failed to stabilize|Exceeded attempts to wait",
        "AWS did not get it ready in time.",
        "Wait a few minutes.",
    ),
)
"""After quotas and function states."""
