"""Rules about what was asked for: zones, names, what holds a resource, what is gone or full.

A handler's error code comes last, since it says least: AWS sends `GeneralServiceException` for
almost anything. (CloudFormation CLI user guide, "Handler error codes".)
"""

from webapp.aws.answers.kinds import Kind
from webapp.aws.answers.rules import Rule

OTHER_ZONES = (
    "AWS has no NAT gateways or no Lambda in this zone, so leave it out. Delete this network, "
    "which keeps its addresses, and create one that names other zones."
)
LAST = (
    Rule(
        Kind.NOT_OFFERED,
        r"NotAvailableInZone|not (?:available|supported|offered) in (?:the |this |your )?(?:\S+ )?"
        r"(?:availability )?zone|availability zone Lambda doesn't support"
        r"|Subnets can currently only be created in|UnsupportedAvailabilityZone"
        r"|availability zone .{0,40}constrained",
        step=OTHER_ZONES,
    ),
    Rule(
        Kind.NOT_OFFERED,
        r"not (?:available|supported|offered) in (?:this |the |your )?(?:\S+ )?(?:region|partition)"
        r"|InvalidServiceName|Endpoint Service .{0,80}does not exist"
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
        Kind.ORGANIZATION,
        r"hooks?(?:\(s\))? failed(?!.{0,100}EarlyValidation)",
        "A CloudFormation hook of the account, or of its organization, refuses the stack.",
        "Who manages that hook can say what it demands; no permission of the dashboard helps.",
    ),
    Rule(
        Kind.OUTAGE,
        r"concurrent ?modification|update is in progress|cannot be performed at this time"
        r"|state: Pending\b|is in \w+_IN_PROGRESS state",
        "AWS is still busy with an earlier change.",
        "Wait a minute.",
    ),
    Rule(
        Kind.OUTAGE,
        r"TokenAlreadyExists",
        "AWS remembers an earlier request of this attempt.",
        "Another attempt has a new token.",
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
        r"(?P<name>[^\s\"'(){}]{1,200}).{0,300}(?:already exists?|AlreadyExists)"
        r"|already exists?: (?P<name2>\S+)"
        r"|\[?(?P<name3>\b[^\s\[]{0,200}[/-][^\s\]]{0,200})\]? already exists",
        "Something of that name exists already, and this stack did not make it: "
        "{name}{name2}{name3}.",
        "Delete it in AWS, or choose another name.",
    ),
    Rule(
        Kind.NAME_TAKEN,
        r"already exists?\b|AlreadyExists|\.Duplicate\b|already taken"
        r"|name .{0,30}(?:is|was) already in use|ResourceConflictException.{0,300}exist",
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
        r"^(?=.*(?:\bstages?\b|usage plan|base path)).*(?:must be .{0,20}(?:deleted|removed|moved)"
        r"|has associated|(?:remove|delete) .{0,60}before)",
        "Something that this stack did not make uses the REST API: a stage, a usage plan or a "
        "domain name.",
        "Remove that in the API Gateway console.",
    ),
    Rule(
        Kind.DEPENDENCY,
        r"must (?:detach|remove|delete) .{0,60}first|DeleteConflict",
        "Somebody attached a policy to the role, or uses it in an instance profile.",
        "Detach that in the IAM console.",
    ),
    Rule(
        Kind.DEPENDENCY,
        r"^(?:(?=.*(?P<address>eipalloc-\w+)))?.*(?:is already associated|AlreadyAssociated)",
        "Something else uses the address {address}.",
        "Disassociate it in the EC2 console.",
    ),
    Rule(
        Kind.DEPENDENCY,
        r"already (?:attached|has an?)\b",
        "Something of that kind is there already, and this stack did not make it.",
        "Remove it in the VPC console.",
    ),
    Rule(
        Kind.DEPENDENCY,
        r"(?:has|have) (?:\w+ )?depende\w+|DependencyViolation"
        r"|(?:is|are) (?:still |currently |being )?(?:in use|used)\b|ResourceInUse|\.InUse\b"
        r"|still (?:has|have|contains?)",
        "Something that this stack did not make uses {id}.",
        "Remove what uses it: Egret names what it finds in the VPC.",
    ),
)
UNUSABLE = (
    Rule(
        Kind.UNUSABLE,
        r"while Termination ?Protection is enabled",
        "CloudFormation protects the stack from deletion.",
        "Turn off the network's protection; if it is off, that of the stack in AWS.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"\.PtrSet\b|has a PTR record",
        "The address has a name in reverse DNS.",
        "Remove that: aws ec2 reset-address-attribute --attribute domain-name --allocation-id …",
    ),
    Rule(
        Kind.UNUSABLE,
        r"Address\.Locked\b|is locked to your account",
        "AWS has locked the address to the account.",
        "Only AWS's support can unlock it.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"could not be associated with this NAT gateway|InvalidAllocationID"
        r"|InvalidAddress(?:ID)?\.NotFound|allocation ?id .{0,60}(?:does not exist|not found)"
        r"|network border group",
        "The address was released outside Egret, or belongs to another border group.",
        "Recover it on the Addresses page.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"InsufficientFreeAddresses|(?:insufficient|not (?:have )?enough) free (?:ip )?addresses",
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
        r"|ServiceTimeout|HandlerInternalFailure|service is (?:\w+ )?unavailable",
        "AWS failed for a reason of its own.",
        "Wait a few minutes; https://health.aws.amazon.com says whether it is a known problem.",
    ),
    Rule(
        Kind.OUTAGE,
        r"HandlerErrorCode: ResourceConflict",
        "AWS is still busy with an earlier change.",
        "Wait a minute.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"\.Conflict\b|conflicts with another|overlap",
        "The range is taken by another one in the VPC.",
        "Use another range.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"\bCIDR\b.{0,60}is invalid|\b(?:Vpc|Subnet)\.Range",
        "EC2 does not take the range: it is too large, too small, or not inside the VPC's.",
        "Use another range.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"is pending deletion|KMSInvalidState|\bkey .{0,200}is (?:disabled|pending)",
        "The KMS key is disabled, or is about to be deleted.",
        "Enable it in the KMS console, or cancel its deletion there.",
    ),
    Rule(
        Kind.TEMPLATE,
        r"runtime .{0,60}(?:no longer|not) supported|at 'runtime' failed to satisfy",
        "Lambda no longer has the runtime that Egret's functions use.",
        "Upgrade Egret.",
    ),
    Rule(
        Kind.TEMPLATE,
        r"(?:model|properties|template|parameter) validation failed|Template (?:format )?error"
        r"|Circular dependency|Template may not|Requires capabilities|validation errors? detected"
        r"|reserved keys?\b|unsupported property|must be of type|validation failure|duplicate tag"
        r"|failed to satisfy constraint|failed legacy parsing|MalformedPolicy"
        r"|reserved for internal use|\btags? .{0,60}(?:invalid|not valid|reserved)",
        "CloudFormation refuses the stack as Egret describes it.",
        "See whether what it names is a setting, such as EGRET_TAGS, a tag or a name.",
    ),
    Rule(
        Kind.UNUSABLE,
        r"\.NotFound\b|HandlerErrorCode: NotFound|does not exist|(?:cannot|could not) be found"
        r"|(?:was )?not found\b|NotFoundException|NoSuchEntity",
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
        r"timed out|time-?out|NotStabilized|(?:failed to|did not) stabilize"
        r"|Exceeded attempts to wait",
        "AWS did not get it ready in time.",
        "Wait a few minutes.",
    ),
)
"""After quotas and function states."""
