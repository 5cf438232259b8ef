"""AWS's errors as Egret's own: what we were doing, what AWS answered, and what to do about it.

Upstream
└── AwsError           any other answer
    ├── QuotaExceeded  the account has reached a quota
    ├── AccessDenied   the credentials are missing, expired, or lack a permission; or the region is
    │                  not enabled in the account; or AWS is still verifying the account
    ├── ClockOff       our clock differs from AWS's, so AWS rejects our signatures
    └── NotReached     throttled, no answer, or AWS failed: trying again later may succeed

AccessDenied, ClockOff and NotReached pause an operation; the others end it as failed. What AWS's
words mean is told by `answers`; here, its codes and the HTTP status decide the class.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from webapp.aws.answers import Answer, Kind, Then, understand
from webapp.aws.answers.quota_kinds import QuotaKind
from webapp.aws.clock import clock_off
from webapp.aws.credentials import CredentialsUnusable, renewal
from webapp.aws.regions import needs_enabling
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
TRIES_AGAIN = Then.CONTINUES.value
CHECK_CREDENTIALS = (
    "Check the dashboard's credentials and its policy (docs/operations.md shows the one it needs). "
    f"{TRIES_AGAIN}"
)
ANY_REGION = "us-east-1"
"""For what does not depend on the region; only the links in the advice do."""
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

WAITS_FOR_AWS = frozenset({"Blocked", "PendingVerification", "SubscriptionRequiredException"})
"""AWS is verifying the account: a pause, since it passes."""
QUOTA_CODES = ("LimitExceeded", "LimitExceededException")
"""How the codes of quotas end, those of throttling apart."""


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
    kind = _class_of(aws_code)
    answer = understand(f"{aws_code}: {message}", region, operation=error.operation_name or "")
    remedy = _remedy(kind, answer)
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


def remedy_for_reason(reason: str, region: str, resource_type: str = "") -> str:
    """What to do about the reason that a failed stack event gives; '' when Egret cannot tell."""
    return understand(reason, region, resource_type=resource_type).remedy()


def quota_in(reason: str) -> QuotaKind | None:
    """The quota that a failed stack event says was reached, if Egret can count it."""
    return understand(reason, ANY_REGION).quota


def throttled_in(reason: str) -> bool:
    """Whether a failed stack event says that AWS throttled CloudFormation's own calls."""
    return understand(reason, ANY_REGION).kind is Kind.THROTTLED


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


def _class_of(aws_code: str) -> type[AwsError]:
    if aws_code in THROTTLED | AWS_FAILED:
        return NotReached
    if aws_code in DENIED | WAITS_FOR_AWS:
        return AccessDenied
    return QuotaExceeded if aws_code.endswith(QUOTA_CODES) else AwsError


def _remedy(kind: type[AwsError], answer: Answer) -> str:
    """What to do about an error of that class, as far as its words tell."""
    if kind is NotReached:
        return LATER
    if kind is not AccessDenied:
        return answer.remedy(Then.TRY_AGAIN)
    if answer.is_refusal or answer.kind is Kind.DEPENDENCY:
        return answer.remedy(Then.ONCE_DONE)
    return CHECK_CREDENTIALS


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
