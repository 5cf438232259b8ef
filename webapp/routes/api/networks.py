"""Networks by the API."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from webapp.deps import ApiCaller, Context
from webapp.models import Shape
from webapp.routes.api.paging import After, AfterEvent, Limit
from webapp.routes.api.schemas.networks import (
    Confirmation,
    EventOut,
    Listed,
    NetworkOut,
    NewChange,
    NewNetwork,
    ProofOut,
    event_out,
    listed,
    network_out,
    proof_out,
)
from webapp.routes.api.schemas.preflight import PreflightOut, preflight_out
from webapp.services.engine import stacks as stack_work
from webapp.services.inspection import proofs
from webapp.services.networks import change as growth
from webapp.services.networks import lifecycle as networks
from webapp.services.networks import preflight

router = APIRouter(prefix="/networks", tags=["networks"])
Retain = Annotated[tuple[str, ...], Query()]


DRY_RUN: dict[str, Any] = {"model": PreflightOut, "description": "`dry_run`: nothing was made"}


@router.get("")
def index(ctx: ApiCaller, limit: Limit = 50, after: After = None) -> Listed[NetworkOut]:
    every = networks.list_all(ctx.session)
    return listed(every, network_out, lambda d: d.network.name, limit=limit, after=after)


@router.post("", status_code=202, responses={200: DRY_RUN})
def create(
    ctx: ApiCaller, new: NewNetwork, response: Response, dry_run: bool = False
) -> NetworkOut | PreflightOut:
    """With `dry_run`, say what would be made, what it costs and what blocks it; make nothing."""
    if dry_run:
        response.status_code = 200
        return preflight_out(_look(ctx, new))
    network = networks.create(
        ctx.session,
        ctx.cloud,
        ctx.settings,
        actor=ctx.actor,
        name=new.name,
        region=new.region,
        cidr=new.cidr,
        availability_zones=new.availability_zones,
        nat=new.nat,
        address_ids=new.addresses,
        environment=new.environment,
    )
    response.headers["Location"] = f"/api/v1/networks/{network.name}"
    return network_out(networks.detail(ctx.session, network.name))


@router.get("/{name}")
def show(ctx: ApiCaller, name: str) -> NetworkOut:
    return network_out(networks.detail(ctx.session, name))


@router.delete("/{name}", status_code=202)
def destroy(ctx: ApiCaller, name: str, retain: Retain = ()) -> Response:
    """Its addresses stay. 202: the deletion goes on in the background.

    `retain`, again and again: what an earlier deletion could not delete, and is left behind.
    """
    networks.destroy(
        ctx.session,
        ctx.cloud,
        ctx.settings,
        actor=ctx.actor,
        name=name,
        typed=name,
        retain=list(retain),
    )
    return Response(status_code=202)


@router.post("/{name}/change", status_code=201)
def propose(ctx: ApiCaller, name: str, new: NewChange) -> NetworkOut:
    """Allocate the addresses of a larger shape, and say what would change. Nothing else happens."""
    network = networks.get(ctx.session, name)
    growth.propose(
        ctx.session,
        ctx.cloud,
        ctx.settings,
        actor=ctx.actor,
        name=name,
        availability_zones=new.availability_zones or network.availability_zones,
        nat=new.nat or network.nat,
    )
    return network_out(networks.detail(ctx.session, name))


@router.post("/{name}/change/confirmation", status_code=202)
def confirm(ctx: ApiCaller, name: str, sent: Confirmation) -> NetworkOut:
    """Route calls to the new addresses: whitelist them first."""
    growth.confirm(
        ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name, anyway=sent.anyway
    )
    return network_out(networks.detail(ctx.session, name))


@router.delete("/{name}/change")
def cancel(ctx: ApiCaller, name: str) -> NetworkOut:
    """Withdraw the proposal; its addresses stay, free."""
    growth.cancel(ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name)
    return network_out(networks.detail(ctx.session, name))


@router.post("/{name}/protection")
def protect(ctx: ApiCaller, name: str) -> NetworkOut:
    """Switch termination protection on."""
    networks.protect(ctx.session, ctx.cloud, actor=ctx.actor, name=name, on=True)
    return network_out(networks.detail(ctx.session, name))


@router.delete("/{name}/protection")
def unprotect(ctx: ApiCaller, name: str) -> NetworkOut:
    """Switch termination protection off."""
    networks.protect(ctx.session, ctx.cloud, actor=ctx.actor, name=name, on=False)
    return network_out(networks.detail(ctx.session, name))


@router.post("/{name}/attempts", status_code=202)
def retry(ctx: ApiCaller, name: str) -> NetworkOut | None:
    """Another attempt at what failed: to make it, or to delete it; null when it is gone at once."""
    networks.retry(ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name)
    if networks.find(ctx.session, name) is None:
        return None
    return network_out(networks.detail(ctx.session, name))


@router.post("/{name}/parking", status_code=202)
def park(ctx: ApiCaller, name: str) -> NetworkOut:
    """Remove the NAT gateways and their cost; the addresses stay."""
    networks.park(ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name)
    return network_out(networks.detail(ctx.session, name))


@router.delete("/{name}/parking", status_code=202)
def unpark(ctx: ApiCaller, name: str) -> NetworkOut:
    """Make the NAT gateways anew, on the same addresses."""
    networks.unpark(ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name)
    return network_out(networks.detail(ctx.session, name))


@router.post("/{name}/proofs", status_code=201)
def prove(ctx: ApiCaller, name: str) -> Listed[ProofOut]:
    """Ask every zone's probe which address it is seen from, now."""
    network = networks.get(ctx.session, name)
    found = proofs.prove(ctx.session, ctx.cloud, network, actor=ctx.actor)
    return Listed(items=[proof_out(proof) for proof in found], next=None)


@router.get("/{name}/proofs")
def list_proofs(ctx: ApiCaller, name: str) -> Listed[ProofOut]:
    """What the probes saw, newest first."""
    found = proofs.list_all(ctx.session, networks.get(ctx.session, name))
    return Listed(items=[proof_out(proof) for proof in found], next=None)


@router.get("/{name}/events")
def events(ctx: ApiCaller, name: str, limit: Limit = 50, after: AfterEvent = 0) -> Listed[EventOut]:
    """The stack's events in the order of their arrival."""
    found = stack_work.events(ctx.session, networks.get(ctx.session, name), after=after)
    return Listed(
        items=[event_out(event) for event in found[:limit]],
        next=str(found[limit - 1].id) if len(found) > limit else None,
    )


def _look(ctx: Context, new: NewNetwork) -> preflight.Preflight:
    return preflight.look(
        ctx.session,
        ctx.cloud,
        ctx.settings,
        name=new.name,
        region=new.region,
        cidr=new.cidr,
        shape=Shape(new.availability_zones, new.nat),
        address_ids=new.addresses,
        environment=new.environment,
    )
