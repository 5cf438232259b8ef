"""API tokens by the API. A token is only in the answer that made it."""

from fastapi import Response

from webapp.deps import Admin, ConfirmedAdmin, Router
from webapp.edge.middleware import NO_STORE
from webapp.models import NewToken
from webapp.routes.api.schemas.lists import After, Limit, Listed
from webapp.routes.api.schemas.users import IssuedTokenOut, TokenOut, issued_token_out, token_out
from webapp.services import access
from webapp.services.access.rights import AREAS

router = Router(prefix="/tokens", tags=["tokens"])


@router.get("", operation_id="list_tokens", summary="List API tokens")
def index(ctx: Admin, limit: Limit = 50, after: After = None) -> Listed[TokenOut]:
    """By name; expired ones, too."""
    page = access.list_api_tokens(ctx.session, after or "", limit)
    return Listed(items=[token_out(row) for row in page.tokens], next=page.next)


@router.post("", status_code=201, operation_id="create_token", summary="Create an API token")
def create(ctx: ConfirmedAdmin, new: NewToken, response: Response) -> IssuedTokenOut:
    """`token` is only in this answer. It expires after 90 days, unless `expires_in_days` says
    otherwise. A token that has scopes can give no others."""
    for area in new.scopes or AREAS:
        ctx.demand_area(area)
    issued = access.issue_api_token(
        ctx.scope, name=new.name, role=new.role, scopes=new.scopes, days=new.expires_in_days
    )
    response.headers["Cache-Control"] = NO_STORE
    return issued_token_out(issued)


@router.delete(
    "/{token}", status_code=204, operation_id="revoke_token", summary="Revoke an API token"
)
def revoke(ctx: ConfirmedAdmin, token: str) -> Response:
    """By its id, or by a name that only one has. It stops working at once."""
    access.revoke_api_token(ctx.scope, token)
    return Response(status_code=204)
