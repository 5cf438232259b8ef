"""The gate to the services: a request passes if its signature is right and policies allow it."""

import uuid
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.core.iam_evaluator import AuthError, PrincipalInfo
from ministack.core.responses import set_request_region
from ministack.services import ec2, iam
from ministack.services.cloudformation import helpers

from webapp.sandbox.embedded_aws.iam import authentication, principals, requests
from webapp.sandbox.embedded_aws.iam.authentication import Answer
from webapp.sandbox.embedded_aws.iam.caller import caller, passed_role
from webapp.sandbox.embedded_aws.iam.decisions import Decisions, Refusal
from webapp.sandbox.embedded_aws.iam.limits import NOT_ENABLED, PENDING_VERIFICATION, Limits
from webapp.sandbox.embedded_aws.iam.requests import Request

CLOUDFORMATION = "cloudformation.amazonaws.com"
ENCODED_BODY = AuthError(
    "SignatureDoesNotMatch", "Only S3 takes a body that is compressed or sent in signed chunks."
)
"""ministack decodes it after the gate, so another request would be run than was judged."""
EC2_WORDS = "You are not authorized to perform this operation. "
ENCODED = " Encoded authorization failure message: "


class Gate:
    def __init__(self, limits: Limits, decisions: Decisions) -> None:
        self._limits, self._decisions = limits, decisions

    def refusal(self, scope: Mapping[str, Any], request: Request) -> Answer | None:
        """AWS's answer to a request that may not pass; None for one that may.

        The caller is remembered for what the request starts.
        """
        who = self.authenticated(scope, request)
        if isinstance(who, AuthError):
            return authentication.refusal(scope, request.headers, request.query, who)
        caller.set(who.arn)
        role = request.form.get("RoleARN", [""])[0]
        passed_role.set(role)
        needed = requests.needs(request)
        refused = self._decisions.refusal(who, needed)
        if refused:
            return _denied(request, needed[0].action, refused)
        if self._limits.is_pending(needed):
            pending: Answer = ec2._error("PendingVerification", PENDING_VERIFICATION, 400)
            return pending
        return _unusable(role) if role and request.service == "cloudformation" else None

    def authenticated(
        self, scope: Mapping[str, Any], request: Request
    ) -> PrincipalInfo | AuthError:
        """Who signed the request. What is looked up from here on is of its region."""
        set_request_region(request.region)
        credential = authentication.authenticate(
            scope, request.headers, request.query, request.body
        )
        if isinstance(credential, AuthError):
            return credential
        if request.is_encoded and request.service != "s3":
            return ENCODED_BODY
        if not self._limits.is_enabled(request.region):
            return NOT_ENABLED
        try:
            return principals.of_credential(credential)
        except LookupError:
            return authentication.UNKNOWN


def _unusable(role_arn: str) -> Answer | None:
    """CloudFormation's answer to a role that does not exist or does not trust it."""
    role = iam._roles.get(role_arn.rpartition("/")[2])
    if role and CLOUDFORMATION in str(role["AssumeRolePolicyDocument"]):
        return None
    text = f"Role {role_arn} is invalid or cannot be assumed"
    answer: Answer = helpers._error("ValidationError", text)
    return answer


def _denied(request: Request, action: str, refused: Refusal) -> Answer:
    request_id, service = str(uuid.uuid4()), request.service
    text = f"{EC2_WORDS}{refused}{ENCODED}{request_id}" if service == "ec2" else str(refused)
    answer: Answer = iam_actions.access_denied_response(
        service,
        action,
        refused.principal,
        request_id,
        error_code="AccessDenied",
        message=text,
        headers=dict(request.headers),
    )
    return answer
