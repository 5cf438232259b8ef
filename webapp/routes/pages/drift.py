"""The page of what differs, and putting it back."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from webapp.deps import SignedIn
from webapp.services.inspection import drift as drifts
from webapp.services.networks import lifecycle as networks
from webapp.templating import page, see_other

router = APIRouter()


@router.get("/networks/{name}/drift")
def show(ctx: SignedIn, name: str) -> HTMLResponse:
    detail = networks.detail(ctx.session, name)
    steady = detail.network.status in drifts.STEADY
    report = drifts.report(ctx.session, ctx.cloud, detail.network) if steady else None
    return page(ctx.request, "networks/drift.html", detail=detail, report=report)


@router.post("/networks/{name}/drift")
def check(ctx: SignedIn, name: str) -> Response:
    network = networks.get(ctx.session, name)
    done = drifts.check(ctx.session, ctx.cloud, network, actor=ctx.actor)
    told = "CloudFormation checked the stack." if done else "CloudFormation is still checking."
    more = "" if done else " Reload this page in a minute."
    return see_other(f"/networks/{name}/drift", told + more, "success" if done else "info")


@router.post("/networks/{name}/drift/restoration")
def restore(ctx: SignedIn, name: str) -> Response:
    network = networks.get(ctx.session, name)
    restored = drifts.restore(ctx.session, ctx.cloud, network, actor=ctx.actor)
    told = f"Restored: {', '.join(difference.what for difference in restored) or 'nothing'}."
    return see_other(f"/networks/{name}/drift", told)
