"""The diagnosis of a network's or function's egress path."""

from fastapi.responses import HTMLResponse

from webapp.deps import Router, Viewer
from webapp.rendering.templating import page
from webapp.services import functions, networks
from webapp.services.inspection import diagnosis

router = Router()


@router.get("/networks/{name}/diagnosis")
def of_network(ctx: Viewer, name: str) -> HTMLResponse:
    detail = networks.detail(ctx.session, name)
    found = diagnosis.of_network(ctx.session, ctx.cloud_of(detail.network), detail.network)
    return page(ctx.request, "diagnosis/show.html", found=found, detail=detail)


@router.get("/functions/{name}/diagnosis")
def of_function(ctx: Viewer, name: str) -> HTMLResponse:
    detail = functions.detail(ctx.session, name)
    found = diagnosis.of_function(ctx.session, ctx.cloud_of(detail.function), detail.function)
    return page(ctx.request, "diagnosis/show.html", found=found, detail=detail)
