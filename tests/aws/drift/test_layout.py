"""The layout of a network, from the resources of its stack."""

import pytest

from webapp.aws.drift.layout import layout_of

SHARED = {"Vpc": "vpc", "SecurityGroup": "sg", "InternetGateway": "igw", "PublicRouteTable": "rtb"}
ZONES = ["eu-central-1a", "eu-central-1b"]


def resources(nat_gateways: int) -> dict[str, str]:
    per_zone = ("PublicSubnet", "PrivateSubnet", "PrivateRouteTable", "Probe")
    zoned = {f"{kind}{n}": f"{kind}-{n}" for kind in per_zone for n in (1, 2)}
    return SHARED | zoned | {f"NatGateway{n + 1}": f"nat-{n + 1}" for n in range(nat_gateways)}


def test_each_zone_has_its_parts() -> None:
    first, second = layout_of(resources(2), zones=ZONES, allocation_ids=["a", "b"]).zones
    assert (first.name, first.private_subnet_id, first.probe) == (
        "eu-central-1a",
        "PrivateSubnet-1",
        "Probe-1",
    )
    assert second.private_table_id == "PrivateRouteTable-2"


@pytest.mark.parametrize(
    ("nat_gateways", "allocation_ids", "nat_ids", "allocation_of_nat"),
    [
        (2, ["a", "b"], ["nat-1", "nat-2"], {"nat-1": "a", "nat-2": "b"}),
        (1, ["a"], ["nat-1", "nat-1"], {"nat-1": "a"}),
        (0, ["a", "b"], ["", ""], {}),
    ],
    ids=["one per zone", "a single one for all", "parked"],
)
def test_each_zone_leads_to_a_nat_gateway_and_that_holds_an_address(
    nat_gateways: int,
    allocation_ids: list[str],
    nat_ids: list[str],
    allocation_of_nat: dict[str, str],
) -> None:
    found = layout_of(resources(nat_gateways), zones=ZONES, allocation_ids=allocation_ids)
    assert [zone.nat_id for zone in found.zones] == nat_ids
    assert found.allocation_of_nat == allocation_of_nat


def test_a_stack_without_a_vpc_is_no_network() -> None:
    with pytest.raises(KeyError):
        layout_of({}, zones=ZONES, allocation_ids=[])
