"""Networks by the API."""

from typing import Annotated, Any

from fastapi import Depends, Query, Response
from fastapi.responses import JSONResponse

from webapp.deps import Admin, ConfirmedAdmin, Operator, Router, Viewer
from webapp.models import NewNetwork
from webapp.routes.api.description.answers import located
from webapp.routes.api.schemas.events import EventOut
from webapp.routes.api.schemas.lists import (
    After,
    AfterEvent,
    Begins,
    InRegion,
    Limit,
    Listed,
    OfStatus,
    listed,
    listed_events,
    place,
)
from webapp.routes.api.schemas.networks import NetworkOut, ProofOut, network_out, proof_out
from webapp.routes.api.schemas.preflight import PreflightOut, preflight_out
from webapp.services import networks
from webapp.services.engine import events
from webapp.services.inspection import proofs
from webapp.services.networks import listing, preflight

router = Router(prefix="/networks", tags=["networks"])
Retain = Annotated[
    tuple[str, ...], Query(description="The `logical_id` of what is not deleted and stays in AWS")
]
DryRun = Annotated[bool, Query(description="Check and count only: nothing is created")]
DRY_RUN: dict[int | str, dict[str, Any]] = {
    200: {"model": PreflightOut, "description": "`dry_run`: nothing was created"}
}


async def _wanted(q: Begins = "", status: OfStatus = None, region: InRegion = "") -> listing.Wanted:
    return listing.Wanted(q=q, status=status, region=region)


@router.get("", operation_id="list_networks", summary="List networks")
def index(
    ctx: Viewer,
    wanted: Annotated[listing.Wanted, Depends(_wanted)],
    limit: Limit = 50,
    after: After = None,
) -> Listed[NetworkOut]:
    """In the order of their names."""
    found = listing.details_page(ctx.session, wanted, place(after, limit))
    return listed(found, network_out)


@router.post(
    "",
    status_code=202,
    response_model=NetworkOut,
    responses=DRY_RUN | located(202),
    operation_id="create_network",
    summary="Create a network",
)
def create(
    ctx: Operator, new: NewNetwork, response: Response, dry_run: DryRun = False
) -> NetworkOut | JSONResponse:
    """With `dry_run`, says what would be created, what it costs and what blocks it."""
    if dry_run:
        found = preflight_out(preflight.check(ctx.scope, new))
        return JSONResponse(found.model_dump(mode="json"))
    network = networks.create(ctx.scope, new)
    response.headers["Location"] = f"/api/v1/networks/{network.name}"
    return network_out(networks.detail(ctx.session, network.name))


@router.get("/{name}", operation_id="show_network", summary="Show a network")
def show(ctx: Viewer, name: str) -> NetworkOut:
    """With its addresses, its newest proof and what it costs."""
    return network_out(networks.detail(ctx.session, name))


@router.delete(
    "/{name}",
    status_code=202,
    operation_id="delete_network",
    summary="Delete a network",
    response_class=Response,
)
def delete(ctx: ConfirmedAdmin, name: str, retain: Retain = ()) -> Response:
    """Its addresses stay. 202: the deletion continues in the background.

    `retain`, which may be repeated: what the last deletion could not delete, and stays in AWS.
    """
    networks.delete(ctx.scope, name, typed=name, retain=list(retain))
    return Response(status_code=202)


@router.post(
    "/{name}/attempts",
    status_code=202,
    operation_id="retry_network",
    summary="Try again with a network",
)
def retry(ctx: Operator, name: str) -> NetworkOut | None:
    """Try again what failed: creating or deleting it, or deleting what parking left. Null if it
    was deleted at once."""
    networks.retry(ctx.scope, name)
    if networks.find(ctx.session, name) is None:
        return None
    return network_out(networks.detail(ctx.session, name))


@router.post("/{name}/protection", operation_id="protect_network", summary="Protect a network")
def protect(ctx: Admin, name: str) -> NetworkOut:
    """Switch termination protection on."""
    networks.protect(ctx.scope, name, on=True)
    return network_out(networks.detail(ctx.session, name))


@router.delete(
    "/{name}/protection", operation_id="unprotect_network", summary="Stop protecting a network"
)
def unprotect(ctx: Admin, name: str) -> NetworkOut:
    """Switch termination protection off."""
    networks.protect(ctx.scope, name, on=False)
    return network_out(networks.detail(ctx.session, name))


@router.post(
    "/{name}/parking", status_code=202, operation_id="park_network", summary="Park a network"
)
def park(ctx: Operator, name: str) -> NetworkOut:
    """Delete the NAT gateways, and so their cost; the addresses stay."""
    networks.park(ctx.scope, name)
    return network_out(networks.detail(ctx.session, name))


@router.delete(
    "/{name}/parking", status_code=202, operation_id="unpark_network", summary="Unpark a network"
)
def unpark(ctx: Operator, name: str) -> NetworkOut:
    """Create the NAT gateways again, on the same addresses."""
    networks.unpark(ctx.scope, name)
    return network_out(networks.detail(ctx.session, name))


@router.post(
    "/{name}/proofs",
    status_code=201,
    operation_id="prove_network",
    summary="Prove the addresses of a network",
)
def prove(ctx: Operator, name: str) -> Listed[ProofOut]:
    """Ask every zone's probe from which address it is seen, now."""
    found = proofs.prove(ctx.scope, networks.get(ctx.session, name))
    return Listed(items=[proof_out(proof) for proof in found], next=None)


@router.get("/{name}/proofs", operation_id="list_proofs", summary="List the proofs of a network")
def list_proofs(ctx: Viewer, name: str) -> Listed[ProofOut]:
    """What the probes saw, newest first."""
    found = proofs.list_all(ctx.session, networks.get(ctx.session, name))
    return Listed(items=[proof_out(proof) for proof in found], next=None)


@router.get(
    "/{name}/events", operation_id="list_network_events", summary="List the events of a network"
)
def list_events(
    ctx: Viewer, name: str, limit: Limit = 50, after: AfterEvent = 0
) -> Listed[EventOut]:
    """The stack's events, in the order in which they arrived."""
    network = networks.get(ctx.session, name)
    return listed_events(events.list_after(ctx.session, network, after), limit=limit)
