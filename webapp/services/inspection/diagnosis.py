"""Diagnosis: at which hop does the egress path break, and how is it fixed?

Each zone's path is followed hop by hop from the private subnet to the public address, as packets
go. A network that is parked or not ready yet is a diagnosis too, not an error.
"""

from dataclasses import dataclass, replace
from itertools import zip_longest

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.egress.hops import FUNCTION_HOPS, HOPS, Hop
from webapp.aws.functions import LIVE
from webapp.errors import EgretError
from webapp.models import Function, Network, Status
from webapp.services.addresses import pool
from webapp.services.inspection.proofs import expected_ip

NOT_THERE = {
    Status.REQUESTED: ("It does not exist yet.", "Wait until the network is ready."),
    Status.CREATING: ("It is still being created.", "Wait until the network is ready."),
    Status.DELETING: ("It is being deleted.", "Choose another network."),
}
FAILED = ("It was never created.", "Read the reason of the failure and fix it, then try again.")
PARKED = ("The network is parked: its NAT gateways and default routes are removed.", "Unpark it.")
CHANGING = ("Its NAT gateways are being changed.", "Wait until the network is ready.")


@dataclass(frozen=True)
class ZonePath:
    """The egress path of one zone. `problem`: it was not followed, or ends at a wrong address."""

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
    def unchecked(self) -> list[str]:
        """The hops after the broken one."""
        every = [*HOPS, *FUNCTION_HOPS]
        if not self.hops or self.broken is None:
            return []
        return every[every.index(self.hops[-1].name) + 1 :]


@dataclass(frozen=True)
class Diagnosis:
    """`problem` applies to all zones: the network is parked, for instance."""

    network: Network
    function: Function | None
    paths: list[ZonePath]
    problem: str = ""
    remedy: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem and bool(self.paths) and all(path.ok for path in self.paths)


def of_network(session: Session, cloud: Cloud, network: Network) -> Diagnosis:
    """The path of each zone's probe."""
    return _diagnosis(session, cloud, network, None, network.output_list("ProbeFunctionNames"))


def of_function(session: Session, cloud: Cloud, function: Function) -> Diagnosis:
    """The function's path from each private subnet of its network."""
    network = session.get_one(Network, function.network_id)
    if not function.lambda_name:
        problem, remedy = "The function does not exist yet.", "Check its status, then try again."
        return Diagnosis(network, function, [], problem, remedy)
    alias = f":{LIVE}" if "Alias" in function.outputs else ""
    names = [f"{function.lambda_name}{alias}"] * network.availability_zones
    return _diagnosis(session, cloud, network, function, names)


def _diagnosis(
    session: Session, cloud: Cloud, network: Network, function: Function | None, names: list[str]
) -> Diagnosis:
    """`names`: the function to follow in each zone."""
    problem, remedy = _state(network)
    if not network.was_created or network.status is Status.DELETING:
        return Diagnosis(network, function, [], problem, remedy)
    zones = network.output_list("AvailabilityZones")
    subnets = network.output_list("PrivateSubnetIds")
    ips = [address.public_ip or "" for address in pool.of_network(session, network.id)]
    paths = [
        _follow(cloud, network, ZonePath(zone, subnet, expected_ip(network, ips, position)), name)
        for position, (zone, subnet, name) in enumerate(
            zip_longest(zones, subnets, names[: len(zones)], fillvalue="")
        )
    ]
    return Diagnosis(network, function, paths, problem, remedy)


def _state(network: Network) -> tuple[str, str]:
    if network.status in (Status.PARKING, Status.UNPARKING, Status.UPDATING):
        return CHANGING
    if network.status is Status.PARKED:
        return PARKED
    if network.status is Status.FAILED and not network.was_created:
        return FAILED
    return NOT_THERE.get(network.status, ("", ""))


def _follow(cloud: Cloud, network: Network, path: ZonePath, function: str) -> ZonePath:
    group = network.outputs.get("SecurityGroupId", "")
    try:
        found = cloud.egress.trace(
            network.region, function=function, subnet_id=path.subnet_id, group_ids=[group]
        )
    except EgretError as error:
        return replace(path, problem=error.detail, remedy=error.remedy)
    hops = tuple(_with_remedy_of(network, hop) for hop in found.hops)
    seen = replace(path, seen_ip=found.source_address, hops=hops)
    if found.source_address and found.source_address != path.expected_ip:
        return replace(
            seen,
            problem=f"Calls come from {found.source_address}, not from {path.expected_ip}.",
            remedy="Point the default route back to the NAT gateway that has the network's "
            "address. Restore on the Drift page does it.",
        )
    return seen


def _with_remedy_of(network: Network, hop: Hop) -> Hop:
    """What a parked network lacks comes back when it is unparked."""
    is_parking = network.status is Status.PARKED and hop.name == "route table" and not hop.ok
    return replace(hop, repair="Unpark the network.") if is_parking else hop
