"""The hop doctor by the API."""

from fastapi import APIRouter
from pydantic import BaseModel

from webapp.deps import ApiCaller
from webapp.services.functions import lifecycle as functions
from webapp.services.inspection import diagnosis as diagnoses
from webapp.services.inspection.diagnosis import Diagnosis, Way
from webapp.services.networks import lifecycle as networks

router = APIRouter(tags=["diagnoses"])


class HopOut(BaseModel):
    """`detail` says what is wrong, `repair` what to do about it; '' when nothing is."""

    name: str
    resource_id: str
    ok: bool
    detail: str
    repair: str
    note: str


class WayOut(BaseModel):
    """The hops up to and including the first broken one; what lies behind is not looked at."""

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
    """`problem` is what is true of all zones: parked, say, or not there yet."""

    network: str
    function: str | None
    ok: bool
    problem: str
    remedy: str
    zones: list[WayOut]


@router.get("/networks/{name}/diagnosis")
def of_network(ctx: ApiCaller, name: str) -> DiagnosisOut:
    """Walks each zone's way out, now."""
    network = networks.get(ctx.session, name)
    return _out(diagnoses.of_network(ctx.session, ctx.cloud, network))


@router.get("/functions/{name}/diagnosis")
def of_function(ctx: ApiCaller, name: str) -> DiagnosisOut:
    """Walks the function's way out of each subnet, now."""
    function = functions.get(ctx.session, name)
    return _out(diagnoses.of_function(ctx.session, ctx.cloud, function))


def _out(found: Diagnosis) -> DiagnosisOut:
    return DiagnosisOut(
        network=found.network.name,
        function=found.function.name if found.function else None,
        ok=found.ok,
        problem=found.problem,
        remedy=found.remedy,
        zones=[_way_out(way) for way in found.ways],
    )


def _way_out(way: Way) -> WayOut:
    return WayOut(
        availability_zone=way.zone,
        subnet_id=way.subnet_id,
        ok=way.ok,
        expected_ip=way.expected_ip,
        seen_ip=way.seen_ip,
        problem=way.problem,
        remedy=way.remedy,
        hops=[
            HopOut(
                name=hop.name,
                resource_id=hop.resource_id,
                ok=hop.ok,
                detail=hop.detail,
                repair=hop.repair,
                note=hop.note,
            )
            for hop in way.hops
        ],
        not_looked_at=way.not_looked_at,
    )
