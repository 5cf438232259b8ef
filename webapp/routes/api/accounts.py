"""Accounts by the API. For admins alone, as answers have the external ids."""

from fastapi import Response

from webapp.deps import Admin, ConfirmedAdmin, Router
from webapp.models import Connection, NewAccount
from webapp.routes.api.description.answers import ASKS_AWS, located
from webapp.routes.api.schemas.accounts import AccountOut, SetupOut, account_out, setup_out
from webapp.routes.api.schemas.lists import After, Limit, Listed, listed, place
from webapp.services import accounts
from webapp.services.accounts import AccountDetail

router = Router(prefix="/accounts", tags=["accounts"])


@router.get("", responses=ASKS_AWS, operation_id="list_accounts", summary="List accounts")
def index(ctx: Admin, limit: Limit = 50, after: After = None) -> Listed[AccountOut]:
    """By name. The dashboard's own is `own`."""
    return listed(accounts.by_name(ctx.scope, place(after, limit)), account_out)


@router.post(
    "",
    status_code=201,
    responses=located(201),
    operation_id="add_account",
    summary="Add an account",
)
def create(ctx: Admin, new: NewAccount, response: Response) -> AccountOut:
    """Makes its external id. The next steps: make its role, as `setup` says, then connect it."""
    account = accounts.add(ctx.scope, new)
    response.headers["Location"] = f"/api/v1/accounts/{account.name}"
    return account_out(AccountDetail(account, account.number, {}))


@router.get("/{name}", operation_id="show_account", summary="Show an account")
def show(ctx: Admin, name: str) -> AccountOut:
    """With what is in it."""
    return account_out(accounts.detail(ctx.scope, name))


@router.get(
    "/{name}/setup",
    responses=ASKS_AWS,
    operation_id="show_account_setup",
    summary="Show what to make in an account",
)
def show_setup(ctx: Admin, name: str) -> SetupOut:
    """The role with its trust policy and its other policies, for the account's administrator."""
    return setup_out(accounts.setup_of(ctx.scope, accounts.get(ctx.session, name)))


@router.post("/{name}/connection", operation_id="connect_account", summary="Connect an account")
def connect(ctx: Admin, name: str, sent: Connection | None = None) -> AccountOut:
    """Tries its role. One that works without the external id, or with a wrong one, is refused."""
    accounts.connect(ctx.scope, name, sent or Connection())
    return account_out(accounts.detail(ctx.scope, name))


@router.delete(
    "/{name}",
    status_code=204,
    response_class=Response,
    operation_id="remove_account",
    summary="Remove an account",
)
def remove(ctx: ConfirmedAdmin, name: str) -> Response:
    """Refused while anything is in it. Its role and policies stay in AWS."""
    accounts.remove(ctx.scope, name, typed=name)
    return Response(status_code=204)
