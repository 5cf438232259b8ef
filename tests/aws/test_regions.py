"""Regions: what is none is told with the likely one, without asking AWS."""

import pytest

from webapp.aws import regions


@pytest.mark.parametrize("name", ["eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1"])
def test_a_region_of_any_partition_is_one(name: str) -> None:
    assert regions.problem(name) == ""


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("eu-central-1a", "zone of the region eu-central-1: set eu-central-1"),
        ("us-west-2-lax-1a", "zone of the region us-west-2"),
        ("us-east-1-wl1-bos-wlz-1", "zone of the region us-east-1"),
        ("eu-cental-1", "did you mean eu-central-1 (Europe (Frankfurt))?"),
        ("eucentral1", "did you mean eu-central-1"),
        ("EU-WEST-1", "did you mean eu-west-1"),
        ("us east 1", "did you mean us-east-1"),
        ("Frankfurt", "did you mean eu-central-1"),
        ("mars", "not an AWS region that this version of Egret knows"),
    ],
)
def test_what_is_none_is_told_with_the_likely_one(name: str, likely: str) -> None:
    assert likely in regions.problem(name)


def test_later_regions_of_the_commercial_partition_need_enabling() -> None:
    assert regions.needs_enabling("eu-south-1")
    assert regions.needs_enabling("ap-east-1")
    for enabled in ("eu-central-1", "cn-north-1", "us-gov-east-1"):
        assert not regions.needs_enabling(enabled)


def test_every_region_that_is_enabled_by_default_exists() -> None:
    assert set(regions.names()) >= regions.ENABLED_BY_DEFAULT
