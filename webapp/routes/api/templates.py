"""The catalogue by the API: what functions can be created from."""

from webapp.deps import Router, Viewer
from webapp.routes.api.schemas.lists import After, Limit, listed_few
from webapp.routes.api.schemas.templates import TemplateList, fault_out, template_out
from webapp.services.functions.catalogue.templates import list_faults, list_templates

router = Router(tags=["templates"])


@router.get("/templates", summary="List templates", operation_id="list_templates")
def index(_ctx: Viewer, limit: Limit = 50, after: After = None) -> TemplateList:
    """All templates, and the faults of folders that are not valid templates."""
    page = listed_few(list_templates(), template_out, lambda t: t.name, limit=limit, after=after)
    faults = [fault_out(fault) for fault in list_faults()]
    return TemplateList(items=page.items, next=page.next, faults=faults)
