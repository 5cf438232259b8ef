"""The developer portal: a page for people, and the real portal's JSON API, both behind the door."""

import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel

from webapp.sandbox.partner.keys import BadKeyRequest, Keys, PartnerKey

FOLDER = Path(__file__).parent / "templates"
GAMES = {"clash": "Clash of Clans", "royale": "Clash Royale", "brawlstars": "Brawl Stars"}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"
)

router = APIRouter()
environment = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined
)


class NewKey(BaseModel):
    """What the real portal's page posts; `temporary` exists only in the sandbox."""

    name: str
    description: str = ""
    cidrRanges: list[str]
    scopes: list[str] = ["clash"]
    temporary: bool = False


class Revocation(BaseModel):
    id: str


@router.post("/api/apikey/create")
@router.post("/portal/api/apikey/create")
def create(request: Request, new: NewKey) -> JSONResponse:
    keys: Keys = request.app.state.keys
    try:
        made = keys.create(
            new.name, new.description, new.cidrRanges, new.scopes, temporary=new.temporary
        )
    except BadKeyRequest as error:
        return JSONResponse({"error": "badRequest", "description": str(error)}, 400)
    shown = {"id": made.id, "name": made.name, "cidrRanges": made.cidrRanges, "key": made.key}
    return JSONResponse({"key": shown})


@router.post("/api/apikey/list")
@router.post("/portal/api/apikey/list")
def list_keys(request: Request) -> JSONResponse:
    keys: Keys = request.app.state.keys
    return JSONResponse({"keys": [key.__dict__ for key in keys.all()]})


@router.post("/api/apikey/revoke")
@router.post("/portal/api/apikey/revoke")
def revoke(request: Request, revocation: Revocation) -> JSONResponse:
    keys: Keys = request.app.state.keys
    found = keys.revoke(revocation.id)
    return JSONResponse({} if found else {"error": "notFound"}, 200 if found else 404)


@router.get("/portal")
def portal(request: Request) -> HTMLResponse:
    return _page(request)


@router.get("/portal/portal.css")
def style() -> FileResponse:
    return FileResponse(FOLDER / "portal.css", media_type="text/css")


@router.post("/portal/keys")
def create_by_form(
    request: Request,
    name: Annotated[str, Form()] = "",
    description: Annotated[str, Form()] = "",
    addresses: Annotated[str, Form()] = "",
    scope: Annotated[str, Form()] = "clash",
) -> Response:
    keys: Keys = request.app.state.keys
    cidrs = [part for part in re.split(r"[\s,;]+", addresses) if part]
    try:
        made = keys.create(name, description, cidrs, [scope], temporary=False)
    except BadKeyRequest as error:
        typed = {"name": name, "description": description, "addresses": addresses, "scope": scope}
        return _page(request, typed=typed, error=str(error), status=422)
    return _page(request, made=made)


@router.post("/portal/keys/{key_id}/revocation")
def revoke_by_form(request: Request, key_id: str) -> RedirectResponse:
    keys: Keys = request.app.state.keys
    keys.revoke(key_id)
    return RedirectResponse("/portal", 303)


def _page(
    request: Request,
    *,
    typed: dict[str, str] | None = None,
    error: str = "",
    made: PartnerKey | None = None,
    status: int = 200,
) -> HTMLResponse:
    keys: Keys = request.app.state.keys
    context: dict[str, Any] = {
        "keys": keys.all(),
        "typed": typed or {"name": "", "description": "", "addresses": "", "scope": ""},
        "error": error,
        "made": made,
        "games": GAMES,
    }
    return rendered("portal.html", context, status)


def rendered(template: str, context: dict[str, Any], status: int) -> HTMLResponse:
    """A page that no cache keeps and no other page shows inside itself."""
    html = environment.get_template(template).render(context)
    headers = {"content-security-policy": CONTENT_SECURITY_POLICY, "cache-control": "no-store"}
    return HTMLResponse(html, status, headers)
