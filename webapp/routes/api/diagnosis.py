"""The diagnosis of a network's or function's egress path by the API."""

from pydantic import BaseModel

from webapp.deps import Router, Viewer
from webapp.routes.api.description.answers import ASKS_AWS
from webapp.services import functions, networks
from webapp.services.inspection import diagnosis
from webapp.services.inspection.diagnosis import Diagnosis, ZonePath

router = Router(tags=["diagnoses"])


class HopOut(BaseModel):
    """`detail` says what is wrong, `repair` what to do about it; '' when nothing is."""

    name: str
    resource_id: str
    ok: bool
    detail: str
    repair: str
    note: str


class ZonePathOut(BaseModel):
    """The hops up to the first broken one; those after it are not checked."""

    availability_zone: str
    subnet_id: str
    ok: bool
    expected_ip: str
    seen_ip: str | None
    problem: str
    remedy: str
    hops: list[HopOut]
    not_looked_at: list[str]


class DiagnosisOut(BaseModel):
    """`problem` applies to all zones: the network is parked, for instance."""

    network: str
    function: str | None
    ok: bool
    problem: str
    remedy: str
    zones: list[ZonePathOut]


@router.get(
    "/networks/{name}/diagnosis",
    operation_id="diagnose_network",
    summary="Diagnose a network",
    responses=ASKS_AWS,
)
def of_network(ctx: Viewer, name: str) -> DiagnosisOut:
    """Follow each zone's egress path, now."""
    network = networks.get(ctx.session, name)
    return _out(diagnosis.of_network(ctx.session, ctx.cloud_of(network), network))


@router.get(
    "/functions/{name}/diagnosis",
    operation_id="diagnose_function",
    summary="Diagnose a function",
    responses=ASKS_AWS,
)
def of_function(ctx: Viewer, name: str) -> DiagnosisOut:
    """Follow the function's egress path from each private subnet, now."""
    function = functions.get(ctx.session, name)
    return _out(diagnosis.of_function(ctx.session, ctx.cloud_of(function), function))


def _out(found: Diagnosis) -> DiagnosisOut:
    return DiagnosisOut(
        network=found.network.name,
        function=found.function.name if found.function else None,
        ok=found.ok,
        problem=found.problem,
        remedy=found.remedy,
        zones=[_path_out(path) for path in found.paths],
    )


def _path_out(path: ZonePath) -> ZonePathOut:
    return ZonePathOut(
        availability_zone=path.zone,
        subnet_id=path.subnet_id,
        ok=path.ok,
        expected_ip=path.expected_ip,
        seen_ip=path.seen_ip,
        problem=path.problem,
        remedy=path.remedy,
        hops=[
            HopOut(
                name=hop.name,
                resource_id=hop.resource_id,
                ok=hop.ok,
                detail=hop.detail,
                repair=hop.repair,
                note=hop.note,
            )
            for hop in path.hops
        ],
        not_looked_at=path.unchecked,
    )
