"""AWS's errors become Egret's: the right class, the right remedy, and whether to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from webapp.aws.credentials import CredentialsUnusable, Fault
from webapp.aws.errors import (
    AccessDenied,
    AwsError,
    ClockOff,
    NotReached,
    QuotaExceeded,
    aws_errors,
    ignoring,
    pauses_operation,
    quota_in,
    remedy_for_reason,
    throttled_in,
)

REGION = "eu-central-1"


def client_error(
    code: str, message: str = "No.", *, status: int = 400, date: datetime | None = None
) -> ClientError:
    headers = {"date": format_datetime(date, usegmt=True)} if date else {}
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ClientError(answer, "CreateStack")  # type: ignore[arg-type]  # a plain dict


def raised(error: Exception) -> AwsError:
    with pytest.raises(AwsError) as found, aws_errors("creating a stack", REGION):
        raise error
    return found.value


@pytest.mark.parametrize(
    "code", ["AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"]
)
def test_a_region_that_is_not_enabled_is_named_with_where_to_enable_it(code: str) -> None:
    with pytest.raises(AccessDenied) as found, aws_errors("listing the VPCs", "eu-south-1"):
        raise client_error(code, "AWS was not able to validate the provided access credentials")
    assert "the region eu-south-1 is probably not enabled" in found.value.detail
    assert "aws account enable-region --region-name eu-south-1" in found.value.remedy
    assert "console.aws.amazon.com" in found.value.remedy
    assert "enable" not in raised(client_error(code)).remedy, "the tests' region is always enabled"


@pytest.mark.parametrize(
    ("error", "kind", "pauses"),
    [
        (client_error("AddressLimitExceeded"), QuotaExceeded, False),
        (client_error("AccessDenied"), AccessDenied, True),
        (client_error("ExpiredToken"), AccessDenied, True),
        (client_error("SignatureDoesNotMatch"), AccessDenied, True),
        (client_error("ForbiddenException"), AccessDenied, True),
        (client_error("InvalidIdentityToken"), AccessDenied, True),
        (client_error("IDPCommunicationError"), AccessDenied, True),
        (client_error("RegionDisabledException"), AccessDenied, True),
        (client_error("MissingAuthenticationToken"), AccessDenied, True),
        (client_error("IncompleteSignature"), AccessDenied, True),
        (client_error("PendingVerification"), AccessDenied, True),
        (client_error("LimitExceededException"), QuotaExceeded, False),
        (client_error("Throttling"), NotReached, True),
        (client_error("", status=503), NotReached, True),
        (client_error("AccessDenied", status=500), NotReached, True),
        (client_error("ValidationError"), AwsError, False),
        (CredentialsUnusable(Fault("none", "Run: aws configure")), AccessDenied, True),
        (EndpointConnectionError(endpoint_url="http://nowhere"), NotReached, True),
    ],
)
def test_each_error_has_its_class_and_some_pause_an_operation(
    error: Exception, kind: type[AwsError], pauses: bool
) -> None:
    found = raised(error)
    assert type(found) is kind
    assert pauses_operation(found) is pauses
    assert found.detail.startswith(f"While creating a stack in {REGION}")


def test_awss_own_code_and_words_are_kept() -> None:
    found = raised(client_error("ValidationError", "The range is too large"))
    assert found.aws_code == "ValidationError"
    assert "ValidationError: The range is too large" in found.detail


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("User: x is not authorized to perform: ec2:CreateVpc on it", "ec2:CreateVpc"),
        ("You may not.", "cloudformation:CreateStack"),
    ],
)
def test_a_missing_permission_is_named(message: str, action: str) -> None:
    assert f"Allow {action} in" in raised(client_error("AccessDenied", message)).remedy


@pytest.mark.parametrize(
    ("why", "who"),
    [
        ("with an explicit deny in a service control policy", "organization's administrator"),
        ("because no permissions boundary allows the ec2:CreateVpc action", "in that boundary"),
    ],
)
def test_what_the_dashboards_policy_cannot_allow_is_told_and_goes_on_once_it_may(
    why: str, who: str
) -> None:
    text = f"User: arn:aws:iam::1:user/u is not authorized to perform: ec2:CreateVpc on it {why}"
    found = raised(client_error("AccessDenied", text))
    assert pauses_operation(found)
    assert who in found.remedy
    assert "Allow ec2:CreateVpc" not in found.remedy
    assert found.remedy.endswith("Once that is done, Egret continues automatically.")


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException"])
def test_credentials_that_have_expired_are_told_with_the_command_that_renews_them(
    code: str,
) -> None:
    assert "run: aws sso login" in raised(client_error(code)).remedy


@pytest.mark.parametrize(("minutes", "said"), [(20, "20 minutes behind"), (-7, "7 minutes ahead")])
def test_a_rejected_signature_tells_a_wrong_clock_by_awss_date(minutes: int, said: str) -> None:
    date = datetime.now(UTC) + timedelta(minutes=minutes)
    found = raised(client_error("SignatureDoesNotMatch", date=date))
    assert isinstance(found, ClockOff)
    assert said in found.detail


def test_a_rejected_signature_with_agreeing_clocks_is_about_credentials() -> None:
    found = raised(client_error("SignatureDoesNotMatch", date=datetime.now(UTC)))
    assert isinstance(found, AccessDenied)


@pytest.mark.parametrize(
    "reason",
    [
        "The maximum number of VPCs has been reached. (Error Code: VpcLimitExceeded)",
        "Resource limit (VpcLimitExceeded)",
        "VpcLimitExceeded: no more",
    ],
)
def test_the_quota_of_a_failed_stack_event_is_recognised(reason: str) -> None:
    quota = quota_in(reason)
    assert quota
    assert quota.what == "VPCs"
    assert quota.url(REGION) in remedy_for_reason(reason, REGION)


def test_a_reason_without_a_code_has_no_quota_and_no_remedy() -> None:
    assert quota_in("It just failed") is None
    assert remedy_for_reason("It just failed", REGION) == ""


@pytest.mark.parametrize(
    ("reason", "throttled"),
    [
        ("Too Many Requests (Service: ApiGateway, Status Code: 429, Request ID: 0-0)", True),
        ('"Rate exceeded" (RequestToken: 0-0, HandlerErrorCode: Throttling)', True),
        ("TooManyRequestsException: Rate exceeded", True),
        ("Invalid mapping (Service: ApiGateway, Status Code: 400, Request ID: 429-0)", False),
    ],
)
def test_a_throttled_stack_event_is_recognised(reason: str, throttled: bool) -> None:
    assert throttled_in(reason) is throttled
    assert ("Try fewer" in remedy_for_reason(reason, REGION)) is throttled


def test_only_the_named_codes_are_ignored() -> None:
    with ignoring({"RouteAlreadyExists"}):
        raise client_error("RouteAlreadyExists")
    with pytest.raises(ClientError), ignoring({"RouteAlreadyExists"}):
        raise client_error("AccessDenied")


@pytest.mark.parametrize(
    "reason",
    [
        "NatGateway3: Nat Gateway is not available in this availability zone (Service: Ec2, "
        "Status Code: 400, Request ID: x, HandlerErrorCode: InvalidRequest)",
        "NatGateway3: NotAvailableInZone: Nat Gateway is not available",
        "Probe2: The provided subnets contain availability zone Lambda doesn't support.",
        "PublicSubnet2: Value (us-west-1a) for parameter availabilityZone is invalid. Subnets can "
        "currently only be created in the following availability zones: us-west-1b, us-west-1c.",
    ],
)
def test_a_zone_that_aws_turns_out_not_to_offer_is_left_for_another(reason: str) -> None:
    assert "names other zones" in remedy_for_reason(reason, REGION)


def test_an_address_that_something_still_has_is_no_matter_of_credentials() -> None:
    told = "You do not have permission to access the specified resource."
    remedy = raised(client_error("AuthFailure", told)).remedy
    assert "NAT gateway that AWS is deleting" in remedy
    assert "credentials" not in remedy
