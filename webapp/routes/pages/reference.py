"""The reference of the API, made from its description: all tags, or one with its operations."""

from functools import lru_cache
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from webapp.deps import Router, Viewer
from webapp.errors import NotFound
from webapp.rendering.templating import page, render
from webapp.routes.api.description.reference import Reference, Tag

router = Router()
TagName = Annotated[str, Query()]


@router.get("/api")
def show(ctx: Viewer, tag: TagName = "") -> HTMLResponse:
    app, origin = ctx.request.app, ctx.settings.url
    tags = _tags(app, origin)
    if not tag:
        return page(ctx.request, "reference/index.html", tags=tags.values(), origin=origin)
    if tag not in tags:
        raise NotFound("The API has no such part.", remedy="See the list of its parts under /api.")
    operations = _operations(app, origin, tag)
    return page(
        ctx.request, "reference/tag.html", tags=tags.values(), tag=tags[tag], operations=operations
    )


@lru_cache(maxsize=1)
def _tags(app: FastAPI, origin: str) -> dict[str, Tag]:
    """Made once: it is the same for everyone."""
    return {tag.name: tag for tag in Reference(app.openapi(), origin).tags()}


@lru_cache(maxsize=64)
def _operations(app: FastAPI, origin: str, tag: str) -> Markup:
    html = render("reference/_operations.html", operations=_tags(app, origin)[tag].operations)
    return Markup(html)  # noqa: S704 - a template of ours, which escapes
