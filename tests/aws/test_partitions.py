"""Regions of other partitions have other host names, ARNs and consoles."""

import pytest

from webapp.aws.answers.quota_kinds import QUOTAS, QuotaKind
from webapp.aws.partitions import console_url, dns_suffix, partition


@pytest.mark.parametrize(
    ("region", "known"),
    [
        ("eu-central-1", ("aws", "amazonaws.com", "eu-central-1.console.aws.amazon.com")),
        ("cn-north-1", ("aws-cn", "amazonaws.com.cn", "cn-north-1.console.amazonaws.cn")),
        (
            "us-gov-west-1",
            ("aws-us-gov", "amazonaws.com", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ),
        ("xx-new-1", ("aws", "amazonaws.com", "xx-new-1.console.aws.amazon.com")),
    ],
)
def test_a_region_has_the_names_of_its_partition(region: str, known: tuple[str, str, str]) -> None:
    found = (partition(region), dns_suffix(region), console_url(region))
    assert found == (*known[:2], f"https://{known[2]}")


@pytest.mark.parametrize("kind", QUOTAS.values(), ids=QUOTAS.keys())
def test_a_quotas_link_leads_to_the_console_of_its_partition(kind: QuotaKind) -> None:
    url = kind.url("cn-northwest-1")
    assert url.startswith("https://cn-northwest-1.console.amazonaws.cn/servicequotas/")
