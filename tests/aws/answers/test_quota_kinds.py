"""Quotas are known by the sentences of today's stack events, which have no code of EC2."""

import pytest

from webapp.aws.errors import quota_in, remedy_for_reason

REGION = "eu-west-1"


@pytest.mark.parametrize(
    ("sentence", "what"),
    [
        ("The maximum number of VPCs has been reached.", "VPCs"),
        ("The maximum number of VPC endpoints has been reached.", "gateway VPC endpoints"),
        ("The maximum number of addresses has been reached.", "Elastic IP addresses"),
        ("The maximum number of internet gateways has been reached.", "internet gateways"),
        (
            "Performing this operation would exceed the limit of 5 NAT gateways",
            "NAT gateways per availability zone",
        ),
    ],
)
def test_a_quota_is_recognised_by_todays_sentences(sentence: str, what: str) -> None:
    reason = f'"{sentence} (Service: Ec2, Status Code: 400)" (HandlerErrorCode: GENERAL)'
    for code in ("ServiceLimitExceeded", "GeneralServiceException"):
        quota = quota_in(reason.replace("GENERAL", code))
        assert quota is not None
        assert quota.what == what
    assert quota_in(sentence) == quota


def test_any_other_quota_leads_to_the_page_of_its_service() -> None:
    reason = '"No more rules. (Service: Ec2)" (HandlerErrorCode: ServiceLimitExceeded)'
    assert quota_in(reason) is None
    assert "/servicequotas/home/services/vpc/quotas" in remedy_for_reason(reason, REGION)
    assert remedy_for_reason("x (ServiceLimitExceeded)", REGION).endswith("/servicequotas/home.")
