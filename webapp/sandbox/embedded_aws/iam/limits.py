"""What limits the account beside its policies; all of it is set by switches, for tests.

The NAT stands for AWS's own hardware, so nothing limits it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.iam_evaluator import AuthError, ParsedStatement, parse_policy_document

from webapp.sandbox.doors import ADMINISTRATOR, NAT
from webapp.sandbox.embedded_aws.iam.needs import Need

Statements = list[ParsedStatement]

NOT_ENABLED = AuthError(
    "UnrecognizedClientException", "The security token included in the request is invalid."
)
PENDING_VERIFICATION = (
    "Your account is currently being verified. Verification normally takes less than 2 hours. "
    "Until your account is verified, you may not be able to launch additional instances or create "
    "additional volumes. If you are still receiving this message after more than 2 hours, please "
    "let us know by writing to aws-verification@amazon.com. We appreciate your patience."
)
MADE_BY_EC2 = ("ec2:Allocate", "ec2:Create", "ec2:Run")


@dataclass
class Limit:
    """One switch: each field that is set limits something.

    `deny_actions` are taken out of everybody's policies but the administrator's; `scp` is the
    document of a service control policy, `boundary` that of a permissions boundary of the users;
    `disabled_region` is one where the account is not enabled; `under_verification` refuses what
    EC2 makes, as it does for some accounts that are new.
    """

    deny_actions: list[str] = field(default_factory=list)
    scp: dict[str, Any] | None = None
    boundary: dict[str, Any] | None = None
    disabled_region: str = ""
    under_verification: bool = False


class Limits:
    def __init__(self) -> None:
        self._set: list[Limit] = []

    def put(self, limits: Iterable[Limit]) -> None:
        """Replace all limits."""
        self._set = list(limits)

    def takes_away(self, principal: str, action: str) -> bool:
        if _is_user(principal, ADMINISTRATOR) or _is_user(principal, NAT):
            return False
        return any(action in limit.deny_actions for limit in self._set)

    def scps(self, principal: str) -> list[Statements]:
        documents = [] if _is_user(principal, NAT) else [each.scp for each in self._set]
        return [parse_policy_document(document) for document in documents if document]

    def boundaries(self, principal: str) -> list[Statements]:
        is_ours = _is_user(principal, ADMINISTRATOR) or _is_user(principal, NAT)
        documents = [] if is_ours else [each.boundary for each in self._set]
        return [parse_policy_document(document) for document in documents if document]

    def is_enabled(self, region: str) -> bool:
        return region not in {limit.disabled_region for limit in self._set if limit.disabled_region}

    def is_pending(self, needs: Iterable[Need]) -> bool:
        """Whether EC2 refuses this because the account is being verified."""
        verified = not any(limit.under_verification for limit in self._set)
        return not verified and any(need.action.startswith(MADE_BY_EC2) for need in needs)


def _is_user(principal: str, name: str) -> bool:
    return principal.endswith(f":user/{name}")
