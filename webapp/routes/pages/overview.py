"""The first page, the part of it that an open page asks for again, and whether it has to."""

from dataclasses import fields
from typing import Any

from fastapi.responses import HTMLResponse, PlainTextResponse

from webapp.deps import Context, Router, Viewer
from webapp.rendering.prepared import prepared
from webapp.rendering.templating import page, partial_context, render
from webapp.services.overview import Overview, overview, state_of
from webapp.services.overview.page import Table, first_rows

router = Router()


@router.get("/")
def index(ctx: Viewer) -> HTMLResponse:
    return page(ctx.request, "overview.html", **_parts(ctx))


@router.get("/overview")
def part(ctx: Viewer) -> HTMLResponse:
    """What is new on the first page. Shows no notice, so that the page itself still can."""
    return HTMLResponse(render("_overview.html", **partial_context(ctx.request), **_parts(ctx)))


@router.get("/changes")
def changes(ctx: Viewer) -> PlainTextResponse:
    """What an open page compares with the last answer before it loads itself again."""
    return PlainTextResponse(ctx.parts.hub.latest.of(ctx.session, state_of))


def _parts(ctx: Context) -> dict[str, Any]:
    view = ctx.parts.hub.latest.of(ctx.session, overview)
    parts = {each.name: getattr(view, each.name) for each in fields(Overview)}
    return parts | {
        "tables": [(table.detail, _drawn(ctx, table)) for table in view.tables],
        "networks": prepared.rows("networks/_overview_row.html", view.networks),
        "functions": prepared.rows("functions/_overview_row.html", view.functions),
    }


def _drawn(ctx: Context, table: Table) -> str:
    """As HTML; a snapshot never changes."""
    template = table.template
    path = f"functions/previews/{template.preview}.html"
    key = "first rows", table.snapshot_id, template.partner, path, table.settings
    return prepared.get(key, lambda: render(path, rows=first_rows(ctx.session, table)))
