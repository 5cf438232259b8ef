"""Service Quotas of the embedded AWS are the limits that it enforces."""

import pytest
from botocore.exceptions import ClientError

from tests.fixtures import ADDRESS_QUOTA, NETWORK_QUOTA
from tests.sandbox.lab import Lab, code_of


@pytest.mark.parametrize(
    ("service", "code", "limit"),
    [
        ("ec2", "L-0263D0A3", ADDRESS_QUOTA),
        ("vpc", "L-F678F1CE", NETWORK_QUOTA),
        ("vpc", "L-A4707A72", NETWORK_QUOTA),
        ("vpc", "L-FE5A380F", NETWORK_QUOTA),
        ("vpc", "L-1B52E74A", 4 * NETWORK_QUOTA),
    ],
)
def test_a_quota_is_the_limit_that_is_enforced(
    lab: Lab, service: str, code: str, limit: int
) -> None:
    client = lab.clients.service_quotas(lab.region)
    quota = client.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
    assert quota["Value"] == limit


def test_an_unknown_quota_is_refused(lab: Lab) -> None:
    with pytest.raises(ClientError) as error:
        lab.clients.service_quotas(lab.region).get_service_quota(
            ServiceCode="ec2", QuotaCode="L-00000000"
        )
    assert code_of(error) == "NoSuchResourceException"


def test_the_quotas_of_a_service_are_listed(lab: Lab) -> None:
    listed = lab.clients.service_quotas(lab.region).list_service_quotas(ServiceCode="ec2")
    assert [(q["QuotaCode"], q["Value"]) for q in listed["Quotas"]] == [
        ("L-0263D0A3", ADDRESS_QUOTA)
    ]
