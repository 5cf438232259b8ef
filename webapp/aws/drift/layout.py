"""The layout of a network: what its stack made, by the ids that AWS gave."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Zone:
    """One zone as CloudFormation made it; `nat_id` is '' while the network is parked."""

    name: str
    public_subnet_id: str
    private_subnet_id: str
    private_table_id: str
    nat_id: str
    probe: str


@dataclass(frozen=True)
class Layout:
    """`allocation_of_nat`: NAT gateway id → id of the address that it must hold."""

    vpc_id: str
    group_id: str
    gateway_id: str
    public_table_id: str
    zones: tuple[Zone, ...]
    allocation_of_nat: dict[str, str]

    def subnets(self) -> Iterator[tuple[str, str]]:
        """The id of each subnet, and what to call it."""
        for zone in self.zones:
            yield zone.private_subnet_id, f"private subnet in {zone.name}"
            yield zone.public_subnet_id, f"public subnet in {zone.name}"

    def tables(self) -> Iterator[tuple[str, str]]:
        """The id of each route table, and of which subnets it is the one."""
        for zone in self.zones:
            yield zone.private_table_id, f"private subnet in {zone.name}"
        yield self.public_table_id, "public subnets"


def layout_of(resources: dict[str, str], *, zones: list[str], allocation_ids: list[str]) -> Layout:
    """The layout of a stack of network.yaml.

    `resources` maps its logical ids to physical ones. Raises KeyError when one is missing that
    every network has.
    """
    shared_nat = resources.get("NatGateway1", "")
    return Layout(
        vpc_id=resources["Vpc"],
        group_id=resources["SecurityGroup"],
        gateway_id=resources["InternetGateway"],
        public_table_id=resources["PublicRouteTable"],
        zones=tuple(
            Zone(
                name=name,
                public_subnet_id=resources[f"PublicSubnet{number}"],
                private_subnet_id=resources[f"PrivateSubnet{number}"],
                private_table_id=resources[f"PrivateRouteTable{number}"],
                # With a single NAT gateway, all zones use the first zone's.
                nat_id=resources.get(f"NatGateway{number}", shared_nat),
                probe=resources[f"Probe{number}"],
            )
            for number, name in enumerate(zones, 1)
        ),
        allocation_of_nat={
            resources[f"NatGateway{number}"]: allocation_id
            for number, allocation_id in enumerate(allocation_ids, 1)
            if f"NatGateway{number}" in resources
        },
    )
