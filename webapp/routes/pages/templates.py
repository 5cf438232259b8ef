"""The page of the catalogue: every template, and what is wrong with other folders."""

from fastapi.responses import HTMLResponse

from webapp.deps import Router, Viewer
from webapp.partners import KEY_KINDS
from webapp.rendering.templating import page
from webapp.services.functions.catalogue.templates import list_faults, list_templates

router = Router()


@router.get("/templates")
def index(ctx: Viewer) -> HTMLResponse:
    return page(
        ctx.request,
        "templates/index.html",
        templates=list_templates(),
        faults=list_faults(),
        kinds=KEY_KINDS,
        folder=ctx.settings.templates_dir,
    )
