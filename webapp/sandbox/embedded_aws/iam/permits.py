"""Lets CloudFormation's handlers do only what their stack's principal may do.

That is whoever asked for the operation or, if the stack has a service role, that role. A refusal
becomes the reason of the resource's failure, in the words that AWS's handlers have for it.
"""

import uuid

from webapp.sandbox.embedded_aws.iam import handlers, principals
from webapp.sandbox.embedded_aws.iam.caller import caller, passed_role
from webapp.sandbox.embedded_aws.iam.decisions import Decisions, Refusal
from webapp.sandbox.embedded_aws.iam.gate import EC2_WORDS, ENCODED
from webapp.sandbox.embedded_aws.iam.handlers import Resource
from webapp.sandbox.embedded_aws.iam.limits import PENDING_VERIFICATION, Limits
from webapp.sandbox.embedded_aws.iam.needs import Need

SERVICES = {
    "apigateway": ("ApiGateway", 403),
    "ec2": ("Ec2", 403),
    "iam": ("Iam", 403),
    "kms": ("Kms", 400),
    "lambda": ("Lambda", 403),
    "logs": ("CloudWatchLogs", 400),
}
SERVICE_SESSION = "AWSCloudFormation"
"""How the session of a stack's service role is called."""
GENERAL = "GeneralServiceException"
TAGGING = ("CreateTags", "DeleteTags", "ListRoleTags", "TagResource", "TagRole", "UntagResource")
TAGGING_WORDS = (
    "Encountered a permissions error performing a tagging operation, please add required tag "
    "permissions. See https://repost.aws/knowledge-center/cloudformation-tagging-permission-error "
    "for how to resolve. Resource handler returned message: "
)


class Permits:
    def __init__(self, decisions: Decisions, limits: Limits) -> None:
        self._decisions, self._limits = decisions, limits

    def check(self, resource: Resource) -> None:
        """Raises ValueError, with the reason as AWS gives it, for what may not be done."""
        needed = handlers.needs(resource)
        refused = self.refused(needed, role=resource.role)
        if refused:
            raise ValueError(_told(refused))
        if self._limits.is_pending(needed):
            raise ValueError(_by_handler(PENDING_VERIFICATION, "ec2", 400, GENERAL))

    def refused(self, needed: list[Need], *, role: str = "") -> Refusal | None:
        """What CloudFormation may not do, as the role or, without one, as whom it works for."""
        role = role or passed_role.get()
        if role:
            return self._decisions.refusal(principals.of_role(role, SERVICE_SESSION), needed)
        if not caller.get():
            return None  # an operation of a state from before there were principals
        return self._decisions.refusal(principals.of_arn(caller.get()), needed)


def _told(refused: Refusal) -> str:
    service, _, action = refused.need.action.partition(":")
    text = f"{EC2_WORDS}{refused}{ENCODED}{uuid.uuid4()}" if service == "ec2" else str(refused)
    if action in TAGGING:
        return _by_handler(text, service, 0, "UnauthorizedTaggingOperation", TAGGING_WORDS)
    return _by_handler(text, service, 0, "AccessDenied")


def _by_handler(text: str, service: str, status: int, code: str, before: str = "") -> str:
    name, usual = SERVICES.get(service, (service.title(), 400))
    request = f"(Service: {name}, Status Code: {status or usual}, Request ID: {uuid.uuid4()})"
    attempts = " (SDK Attempt Count: 1)" if service == "ec2" else ""
    told = f'"{text} {request}{attempts}"'
    message = f'"{before}{told}"' if before else told
    return (
        f"Resource handler returned message: {message} "
        f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: {code})"
    )
