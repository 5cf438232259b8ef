"""The drift of a network, and restoring it."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import Operator, Router, Viewer
from webapp.rendering.paging import paged
from webapp.rendering.templating import page, see_other
from webapp.services import networks
from webapp.services.inspection import drift

router = Router()


@router.get("/networks/{name}/drift")
def show(ctx: Viewer, name: str) -> HTMLResponse:
    detail = networks.detail(ctx.session, name)
    steady = detail.network.status in drift.STEADY
    cloud = ctx.cloud_of(detail.network)
    report = drift.report(ctx.session, cloud, detail.network) if steady else None
    return page(
        ctx.request,
        "networks/drift.html",
        detail=detail,
        report=report,
        by_egret=paged(ctx.request, report.differences if report else ()),
        by_stack=paged(ctx.request, report.stack_differences if report else ()),
    )


@router.post("/networks/{name}/drift")
def check(ctx: Operator, name: str) -> Response:
    network = networks.get(ctx.session, name)
    url = f"/networks/{name}/drift#stack-check"
    detection = drift.check(ctx.scope, network)
    if detection.problem:
        return see_other(url, detection.problem, kind="error")
    if detection.done:
        return see_other(url, "CloudFormation checked the stack.")
    notice = "CloudFormation is still checking. Reload this page in a minute."
    return see_other(url, notice, kind="info")


@router.post("/networks/{name}/drift/restoration")
def restore(ctx: Operator, name: str) -> Response:
    network = networks.get(ctx.session, name)
    restored = drift.restore(ctx.scope, network)
    what = ", ".join(difference.what for difference in restored)
    notice = f"Restored: {what}." if what else "Nothing to restore."
    return see_other(f"/networks/{name}/drift#egret-check", notice)
