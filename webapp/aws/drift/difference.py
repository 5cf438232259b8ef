"""What differs between a network as it was made and as it is."""

from collections.abc import Callable
from dataclasses import dataclass, field

NONE = "none"


@dataclass(frozen=True)
class Difference:
    """`restore` puts it back as it was; where it is None, `by_hand` says what to do."""

    what: str
    resource_id: str
    expected: str
    actual: str
    by_hand: str = ""
    restore: Callable[[], object] | None = field(default=None, repr=False, compare=False)


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
    """A network as it was made. `nats` gives each NAT gateway the allocation that it is to hold."""

    vpc_id: str
    group_id: str
    gateway_id: str
    public_table_id: str
    zones: tuple[Zone, ...]
    nats: dict[str, str]


def layout_of(resources: dict[str, str], *, zones: list[str], allocation_ids: list[str]) -> Layout:
    """The layout of a stack of network.yaml, from the physical ids of its `resources`.

    Raises KeyError when one is missing that every network has.
    """
    numbered = list(enumerate(zones, 1))
    first = resources.get("NatGateway1", "")
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
                nat_id=resources.get(f"NatGateway{number}", first),
                probe=resources[f"Probe{number}"],
            )
            for number, name in numbered
        ),
        nats={
            resources[f"NatGateway{number}"]: allocation_id
            for number, allocation_id in enumerate(allocation_ids, 1)
            if f"NatGateway{number}" in resources
        },
    )
