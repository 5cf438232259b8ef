"""Pages of accounts: adding one, connecting it by its role, removing it. For admins alone, as the
external ids are shown here."""

from collections.abc import Mapping

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import Admin, ConfirmedAdmin, Context, Router
from webapp.errors import EgretError
from webapp.lists.keyset import START, Place
from webapp.models import Connection, NewAccount
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, errors_by_field
from webapp.rendering.lists import ListQuery
from webapp.rendering.templating import page, see_other
from webapp.services import accounts
from webapp.services.accounts import Setup

router = Router()
NOTHING: Mapping[str, str] = {}


@router.get("/accounts")
def index(ctx: Admin, draft: Draft, asked: ListQuery) -> HTMLResponse:
    return _index(ctx, draft.shown("name", "number"), {}, asked.place)


@router.post("/accounts")
def create(ctx: Admin, form: Form) -> Response:
    try:
        account = accounts.add(ctx.scope, form.build(NewAccount))
    except EgretError as error:
        return _index(ctx, form.shown("name", "number"), errors_by_field(error))
    return see_other(account.page, f"{account.name} was added. Now make its role.")


@router.get("/accounts/{name}")
def show(ctx: Admin, name: str) -> HTMLResponse:
    return _show(ctx, name)


@router.post("/accounts/{name}/connection")
def connect(ctx: Admin, name: str, form: Form) -> Response:
    try:
        accounts.connect(ctx.scope, name, form.build(Connection))
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, name, error, wanted="connected", form=form.shown("role_arn"))
    return see_other(f"/accounts/{name}", f"{name} is connected.")


@router.post("/accounts/{name}/removal")
def remove(ctx: ConfirmedAdmin, name: str, form: Form) -> Response:
    try:
        accounts.remove(ctx.scope, name, typed=form.text("confirm"))
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, name, error, wanted="removed")
    return see_other("/accounts", f"{name} was removed.")


def _index(
    ctx: Context, form: dict[str, str], errors: dict[str, str], place: Place = START
) -> HTMLResponse:
    return page(
        ctx.request,
        "accounts/index.html",
        status_code=422 if errors else 200,
        accounts=accounts.page(ctx.scope, place),
        form=form,
        errors=errors,
    )


def _show(
    ctx: Context,
    name: str,
    refused: EgretError | None = None,
    *,
    wanted: str = "",
    form: Mapping[str, str] = NOTHING,
) -> HTMLResponse:
    """The page; with why the account was not *connected*, or *removed*, as was wanted."""
    detail = accounts.detail(ctx.scope, name)
    account = detail.account
    setup: Setup | None = None
    problem = ""
    if account:
        try:
            setup = accounts.setup_of(ctx.scope, account)
        except EgretError as error:
            problem = str(error)
    return page(
        ctx.request,
        "accounts/show.html",
        status_code=422 if refused else 200,
        detail=detail,
        setup=setup,
        problem=problem,
        form={"role_arn": account.role_arn if account else "", **form},
        errors=errors_by_field(refused) if refused else {},
        wanted=wanted,
    )
