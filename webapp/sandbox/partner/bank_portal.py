"""The bank's page in the portal: keys that are sent in one of three ways."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import BaseModel

from webapp.sandbox.partner.bank_keys import KINDS, BadBankKey, BankKey, BankKeys
from webapp.sandbox.partner.portal import rendered

PATH = "/portal/bank"

router = APIRouter()


class NewBankKey(BaseModel):
    kind: str
    addresses: list[str]


@router.post(f"{PATH}/api/keys")
def create(request: Request, new: NewBankKey) -> JSONResponse:
    """For programs."""
    try:
        made = _keys(request).create(new.kind, new.addresses)
    except BadBankKey as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse({"id": made.id, "key": made.secret})


@router.get(PATH)
def show(request: Request) -> HTMLResponse:
    return _page(request)


@router.post(f"{PATH}/keys")
def create_by_form(
    request: Request,
    kind: Annotated[str, Form()] = "",
    addresses: Annotated[str, Form()] = "",
) -> Response:
    ranges = [part for part in re.split(r"[\s,;]+", addresses) if part]
    try:
        made = _keys(request).create(kind, ranges)
    except BadBankKey as error:
        typed = {"kind": kind, "addresses": addresses}
        return _page(request, typed=typed, error=str(error), status=422)
    return _page(request, made=made)


@router.post(PATH + "/keys/{key_id}/revocation")
def revoke_by_form(request: Request, key_id: str) -> RedirectResponse:
    _keys(request).revoke(key_id)
    return RedirectResponse(PATH, 303)


def _keys(request: Request) -> BankKeys:
    keys: BankKeys = request.app.state.bank_keys
    return keys


def _page(
    request: Request,
    *,
    typed: dict[str, str] | None = None,
    error: str = "",
    made: BankKey | None = None,
    status: int = 200,
) -> HTMLResponse:
    context: dict[str, Any] = {
        "keys": _keys(request).all(),
        "kinds": KINDS,
        "typed": typed or {"kind": "header", "addresses": ""},
        "error": error,
        "made": made,
    }
    return rendered("bank.html", context, status)
