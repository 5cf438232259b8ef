"""AWS's errors as Egret's own: what we were doing, what AWS answered, and what to do about it.

Upstream
└── AwsError           any other answer
    ├── QuotaExceeded  the account has reached a quota
    ├── AccessDenied   the credentials are missing, expired, or lack a permission; or the region is
    │                  not enabled in the account
    ├── ClockOff       our clock differs from AWS's, so AWS rejects our signatures
    └── NotReached     throttled, no answer, or AWS failed: trying again later may succeed

AccessDenied, ClockOff and NotReached pause an operation; the others end it as failed.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from webapp.aws.clock import clock_off
from webapp.aws.credentials import renewal
from webapp.aws.quota_kinds import ANY_QUOTA, QUOTAS, QuotaKind, code_in, page_in
from webapp.aws.regions import needs_enabling
from webapp.aws.sessions import CredentialsUnusable
from webapp.errors import EgretError, Upstream

THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
)
AWS_FAILED = frozenset({"InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable"})
PERMISSION_MISSING = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
NOT_OFFERED = frozenset({"InvalidAction", "UnsupportedOperation"})
"""The answers of a region or partition that does not have what was asked for at all."""
SIGNATURE_REJECTED = frozenset(
    {
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
"""Codes that AWS answers both for bad credentials and for a clock that is wrong."""
LATER = "Operations already under way continue automatically. Otherwise, try again in a minute."
TRIES_AGAIN = "Egret retries automatically."
ACCOUNT_PAGE = "https://console.aws.amazon.com/billing/home#/account"
SERVER_ERROR = 500
"""AWS itself failed when the HTTP status is this or higher; often it sends no code then."""
UNKNOWN_HERE = frozenset(
    {"AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"}
)
"""Codes that AWS answers in a region that is not enabled, where it knows no credentials."""
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
REFUSES_CREDENTIALS = EXPIRED | UNKNOWN_HERE | {"RequestExpired"}
OTHER_CREDENTIALS = frozenset(
    {
        "ForbiddenException",
        "IDPCommunicationError",
        "IDPRejectedClaim",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidIdentityToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RegionDisabledException",
    }
)
"""Answers to a role or an identity that cannot be used, or to a signature that got lost."""
DENIED = PERMISSION_MISSING | SIGNATURE_REJECTED | UNKNOWN_HERE | EXPIRED | OTHER_CREDENTIALS


OTHER_ZONES = (
    "AWS has no NAT gateways or no Lambda in this zone. Delete this network, which keeps its "
    "addresses, and create one that names other zones."
)
_ZONE_NOT_USABLE = re.compile(
    r"NotAvailableInZone|not available in this availability zone"
    r"|availability zone Lambda doesn't support|Subnets can currently only be created in",
    re.IGNORECASE,
)
_ACTION_IN_MESSAGE = re.compile(r"not authorized to perform:? (\w+:\w+)")
# A stack event has no field for the code: its text has it, in a form that differs by service.
_THROTTLED_IN_REASON = re.compile(
    r"Too ?Many ?Requests|Status Code: 429|HandlerErrorCode: Throttling|Rate exceeded",
    re.IGNORECASE,
)


class AwsError(Upstream):
    """`aws_code` is AWS's own code."""

    title = "AWS answered with an error"
    default_code = "aws_error"
    aws_code = ""


class QuotaExceeded(AwsError):
    status = 409
    title = "An AWS account quota is exhausted"
    default_code = "quota_exceeded"


class AccessDenied(AwsError):
    title = "AWS did not let Egret do this"
    default_code = "aws_access_denied"


class ClockOff(AwsError):
    status = 503
    title = "The clock of this machine is wrong"
    default_code = "clock_off"


class NotReached(AwsError):
    status = 503
    title = "AWS did not answer"
    default_code = "aws_not_reached"


def code_of(error: ClientError) -> str:
    """AWS's own code, such as `InvalidAllocationID.NotFound`; '' when AWS sent none."""
    return error.response["Error"].get("Code") or ""


def message_of(error: ClientError) -> str:
    return error.response["Error"].get("Message") or ""


@contextmanager
def ignoring(codes: Collection[str]) -> Iterator[None]:
    """Leave the block quietly when AWS answers one of these codes, as contextlib.suppress does.

    For calls that may have been made already, by a person or by an attempt whose answer was lost.
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) not in codes:
            raise


@contextmanager
def aws_errors(doing: str, region: str) -> Iterator[None]:
    """Raise botocore's errors as AwsError. `doing` completes the sentence "While …"."""
    try:
        yield
    except ClientError as error:
        raise from_client_error(error, doing=doing, region=region) from error
    except CredentialsUnusable as error:
        raise _from_unusable(error, doing=doing, region=region) from None
    except BotoCoreError as error:
        if type(error) is HTTPClientError:  # its text may show a header of the request
            detail = f"While {doing} in {region}, the request could not be sent."
            raise NotReached(detail, remedy=LATER) from None
        raise NotReached(f"While {doing} in {region}: {error}", remedy=LATER) from error


def from_client_error(error: ClientError, *, doing: str, region: str) -> AwsError:
    """The AwsError for AWS's answer: by its code, unless HTTP status or clock tell more."""
    aws_code, message = code_of(error), message_of(error)
    detail = f"While {doing} in {region}, AWS answered {aws_code}: {message}"
    kind, remedy = _classify(aws_code, region)
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= SERVER_ERROR:
        kind, remedy = NotReached, LATER
    if aws_code in SIGNATURE_REJECTED and (off := clock_off(error)):
        detail = f"While {doing} in {region}: the clock of this machine is {off}."
        kind, remedy = ClockOff, f"Set the clock, for instance by NTP. {TRIES_AGAIN}"
    elif _is_disabled(region, aws_code, message):
        detail = (
            f"While {doing}: the region {region} is probably not enabled in the AWS account. AWS "
            f"answered {aws_code}: {message}"
        )
        remedy = _enable(region)
    elif aws_code in EXPIRED:
        remedy = f"{renewal()} {TRIES_AGAIN}"
    elif aws_code in PERMISSION_MISSING:
        action = _ACTION_IN_MESSAGE.search(message)
        name = action.group(1) if action else error.operation_name
        remedy = f"Allow {name} in the dashboard's policy. {TRIES_AGAIN}"
    made = kind(detail, remedy=remedy)
    made.aws_code = aws_code
    return made


def _from_unusable(error: CredentialsUnusable, *, doing: str, region: str) -> AwsError:
    """A pause, whatever it is. AWS's own answer may tell more, such as that the clock is wrong."""
    if error.answer:
        answered = from_client_error(error.answer, doing=doing, region=region)
        if pauses_operation(answered):
            return answered
    remedy = error.fault.remedy.removesuffix(".")
    detail = f"While {doing} in {region}: {error.fault.what}."
    return AccessDenied(detail, remedy=f"{remedy}. {TRIES_AGAIN}")


def remedy_for_reason(reason: str, region: str) -> str:
    """What to do about the reason that a failed stack event gives; '' when Egret cannot tell."""
    if throttled_in(reason):
        return "AWS is throttling: too many changes at once. Try fewer, in a minute."
    if _ZONE_NOT_USABLE.search(reason):
        return OTHER_ZONES
    code = code_in(reason)
    if code == ANY_QUOTA:
        return f"Release unused ones, or request a higher quota at {page_in(reason, region)}."
    return _classify(code, region)[1]


def quota_in(reason: str) -> QuotaKind | None:
    """The quota that a failed stack event says was reached."""
    return QUOTAS.get(code_in(reason))


def throttled_in(reason: str) -> bool:
    """Whether a failed stack event says that AWS throttled CloudFormation's own calls."""
    return bool(_THROTTLED_IN_REASON.search(reason))


def is_transient(error: EgretError) -> bool:
    """Whether the same call may succeed later without anyone changing anything."""
    return isinstance(error, NotReached)


def is_throttled(error: EgretError) -> bool:
    """Whether AWS answered that there were too many calls, so that it did not do this one."""
    return isinstance(error, AwsError) and error.aws_code in THROTTLED


def needs_operator(error: EgretError) -> bool:
    """Whether the same call succeeds once someone fixes credentials, permissions or the clock."""
    return isinstance(error, AccessDenied | ClockOff)


def pauses_operation(error: EgretError) -> bool:
    """Whether an operation waits and tries again after this error, instead of failing."""
    return is_transient(error) or needs_operator(error)


def is_inconclusive(error: EgretError) -> bool:
    """Whether AWS ran nothing, for a reason of its own or of ours: a limit, an outage, credentials.

    Any other answer is about what should have run, such as that it was deleted.
    """
    return pauses_operation(error) or isinstance(error, QuotaExceeded)


def _classify(aws_code: str, region: str) -> tuple[type[AwsError], str]:
    """The error class of an AWS code, and its remedy."""
    if aws_code in QUOTAS:
        return QuotaExceeded, _quota_remedy(aws_code, region)
    if aws_code in DENIED:
        return AccessDenied, (
            "Check the dashboard's credentials and its policy (docs/operations.md shows the one "
            f"it needs). {TRIES_AGAIN}"
        )
    if aws_code in THROTTLED | AWS_FAILED:
        return NotReached, LATER
    return AwsError, ""


def _is_disabled(region: str, aws_code: str, message: str) -> bool:
    """Whether AWS does not know the credentials in a region that an account has to enable.

    AuthFailure has other causes as well, such as an address that somebody else has.
    """
    is_about_credentials = aws_code != "AuthFailure" or "credential" in message
    return is_about_credentials and aws_code in UNKNOWN_HERE and needs_enabling(region)


def _enable(region: str) -> str:
    return (
        f"Enable it at {ACCOUNT_PAGE} under AWS Regions, or with: aws account enable-region "
        f"--region-name {region}. That takes minutes to hours. Or remove it from EGRET_REGIONS. If "
        f"it is enabled, check the dashboard's credentials. {TRIES_AGAIN}"
    )


def _quota_remedy(aws_code: str, region: str) -> str:
    kind = QUOTAS[aws_code]
    return (
        f"Release unused ones, or request a higher quota of {kind.what} at "
        f"{kind.url(region)}, then try again."
    )
