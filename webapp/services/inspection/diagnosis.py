"""The hop doctor: where does the way out break, and what mends it?

Each zone's way is walked from the private subnet to the address, as packets go. What is not ready
yet, or parked, is a diagnosis too, not an error.
"""

from dataclasses import dataclass, replace
from itertools import zip_longest

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.egress.hops import FUNCTION_HOPS, HOPS, Hop
from webapp.errors import EgretError
from webapp.models import Function, Network, Status
from webapp.services.addresses import pool as addresses
from webapp.services.inspection.proofs import expected_ip

UNMADE = {
    Status.REQUESTED: ("It is not made yet.", "Wait until the network is ready."),
    Status.CREATING: ("It is still being made.", "Wait until the network is ready."),
    Status.DELETING: ("It is being deleted.", "Choose another network."),
}
FAILED = ("It was never made.", "Read the reason of the failure, mend it, then try again.")
PARKED = ("The network is parked: its NAT gateways and default routes are removed.", "Unpark it.")
MOVING = ("Its NAT gateways are being changed.", "Wait until the network is ready.")


@dataclass(frozen=True)
class Way:
    """The way out of one zone. `problem` is what keeps it from being walked, or its wrong end."""

    zone: str
    subnet_id: str
    expected_ip: str
    seen_ip: str | None = None
    hops: tuple[Hop, ...] = ()
    problem: str = ""
    remedy: str = ""

    @property
    def broken(self) -> Hop | None:
        return next((hop for hop in self.hops if not hop.ok), None)

    @property
    def ok(self) -> bool:
        return not self.problem and bool(self.hops) and self.broken is None

    @property
    def not_looked_at(self) -> list[str]:
        """What lies behind the broken hop."""
        every = [*HOPS, *FUNCTION_HOPS]
        if not self.hops or self.broken is None:
            return []
        return every[every.index(self.hops[-1].name) + 1 :]


@dataclass(frozen=True)
class Diagnosis:
    """`problem` is what is true of all zones: parked, say, or not there yet."""

    network: Network
    function: Function | None
    ways: list[Way]
    problem: str = ""
    remedy: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem and bool(self.ways) and all(way.ok for way in self.ways)


def of_network(session: Session, cloud: Cloud, network: Network) -> Diagnosis:
    """Every zone's way, taken by its probe."""
    return _diagnosis(session, cloud, network, None, network.output_list("ProbeFunctionNames"))


def of_function(session: Session, cloud: Cloud, function: Function) -> Diagnosis:
    """The function's way out of each subnet of its network."""
    network = session.get_one(Network, function.network_id)
    if not function.lambda_name:
        problem, remedy = "The function is not made yet.", "Read its status, then try again."
        return Diagnosis(network, function, [], problem, remedy)
    names = [function.lambda_name] * network.availability_zones
    return _diagnosis(session, cloud, network, function, names)


def _diagnosis(
    session: Session, cloud: Cloud, network: Network, function: Function | None, names: list[str]
) -> Diagnosis:
    problem, remedy = _state(network)
    if not network.outputs or network.status is Status.DELETING:
        return Diagnosis(network, function, [], problem, remedy)
    zones = network.output_list("AvailabilityZones")
    subnets = network.output_list("PrivateSubnetIds")
    ips = [address.public_ip or "" for address in addresses.of_network(session, network.id)]
    ways = [
        _way(cloud, network, Way(zone, subnet, expected_ip(network, ips, position)), name)
        for position, (zone, subnet, name) in enumerate(
            zip_longest(zones, subnets, names[: len(zones)], fillvalue="")
        )
    ]
    return Diagnosis(network, function, ways, problem, remedy)


def _state(network: Network) -> tuple[str, str]:
    if network.status in (Status.PARKING, Status.UNPARKING, Status.UPDATING):
        return MOVING
    if network.status is Status.PARKED:
        return PARKED
    if network.status is Status.FAILED and not network.outputs:
        return FAILED
    return UNMADE.get(network.status, ("", ""))


def _way(cloud: Cloud, network: Network, way: Way, function: str) -> Way:
    group = network.outputs.get("SecurityGroupId", "")
    try:
        path = cloud.paths.trace(
            network.region, function=function, subnet_id=way.subnet_id, group_ids=[group]
        )
    except EgretError as error:
        return replace(way, problem=error.detail, remedy=error.remedy)
    hops = tuple(_in_words_of(network, hop) for hop in path.hops)
    seen = replace(way, seen_ip=path.source_address, hops=hops)
    if path.source_address and path.source_address != way.expected_ip:
        return replace(
            seen,
            problem=f"It comes out at {path.source_address}, not at {way.expected_ip}.",
            remedy="Lead the default route back to the NAT gateway that holds the network's "
            "address: Restore under Differences does it.",
        )
    return seen


def _in_words_of(network: Network, hop: Hop) -> Hop:
    """What a parked network lacks is not to be made by hand."""
    is_parking = network.status is Status.PARKED and hop.name == "route table" and not hop.ok
    return replace(hop, repair="Unpark the network.") if is_parking else hop
