"""The first page."""

from fastapi.responses import HTMLResponse

from webapp.deps import Router, SignedIn
from webapp.services.overview import overview
from webapp.templating import page

router = Router()


@router.get("/")
def index(ctx: SignedIn) -> HTMLResponse:
    view = overview(ctx.session)
    return page(
        ctx.request,
        "overview.html",
        steps=view.steps,
        networks=view.networks,
        functions=view.functions,
        monthly_cost_usd=view.monthly_cost_usd,
        warnings=view.warnings,
        tables=view.tables,
    )
