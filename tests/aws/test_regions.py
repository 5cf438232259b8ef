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
        ("Ohio", "did you mean us-east-2"),
        ("ireland", "did you mean eu-west-1"),
        ("N. Virginia", "did you mean us-east-1"),
        ("São Paulo", "did you mean sa-east-1"),
        ("Zürich", "did you mean eu-central-2"),
        ("euc1-az1", "zone of the region eu-central-1: set eu-central-1"),
        ("use1-az3", "zone of the region us-east-1"),
        ("apne1-az4", "zone of the region ap-northeast-1"),
        ("usgw1-az1", "zone of the region us-gov-west-1"),
        ("usw2-lax1-az1", "zone of the region us-west-2"),
        ("us-east", "did you mean us-east-1"),
        ("eu-central", "did you mean eu-central-1"),
        ("eu-south", "did you mean eu-south-1"),
        ("europe-west1", "did you mean eu-west-1"),
        ("asia-southeast1", "did you mean ap-southeast-1"),
        ("us-iso-east", "did you mean us-iso-east-1"),
        ("eu-central-1 eu-west-1", "separate regions with commas: eu-central-1,eu-west-1"),
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


@pytest.mark.parametrize(
    ("together", "word"),
    [
        (["eu-central-1", "us-east-1"], ""),
        (["cn-north-1", "cn-northwest-1"], ""),
        (["eu-central-1", "us-east-1", "cn-north-1"], "eu-central-1 (aws) and cn-north-1 (aws-cn)"),
        (["us-gov-west-1", "us-east-1"], "us-east-1 (aws) and us-gov-west-1 (aws-us-gov)"),
    ],
)
def test_regions_of_two_partitions_are_not_used_together(together: list[str], word: str) -> None:
    problem = regions.partitions_problem(together)
    assert word in problem
    assert bool(problem) == bool(word)
