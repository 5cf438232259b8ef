"""API tokens. A token is on the answer that made it, and on no other."""

from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import Admin, ConfirmedAdmin, Context, Router
from webapp.edge.middleware import NO_STORE
from webapp.errors import EgretError
from webapp.models import NewToken, Role, utc_now
from webapp.models.user import TOKEN_DAYS
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, SubmittedForm, errors_by_field, validated
from webapp.rendering.templating import page, see_other
from webapp.services import access
from webapp.services.access import IssuedToken
from webapp.services.access.rights import AREAS

router = Router(prefix="/tokens")
NOTHING: dict[str, str] = {}
NEVER = "never"
OFFERED_DAYS = (7, 30, TOKEN_DAYS, 365)


@router.get("")
def index(ctx: Admin, draft: Draft) -> HTMLResponse:
    return _show(ctx, _shown(draft), after=draft.text("after"))


@router.post("")
def create(ctx: ConfirmedAdmin, form: Form) -> Response:
    try:
        new = validated(NewToken, _values(form))
        issued = access.issue_api_token(
            ctx.scope,
            name=new.name,
            role=new.role,
            scopes=new.scopes,
            days=new.expires_in_days,
        )
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, _shown(form), errors_by_field(error))
    response = _show(ctx, _shown(SubmittedForm.empty()), issued=issued)
    response.headers["Cache-Control"] = NO_STORE
    return response


@router.post("/{token}/revocation")
def revoke(ctx: ConfirmedAdmin, token: str) -> Response:
    revoked = access.revoke_api_token(ctx.scope, token)
    return see_other("/tokens", f"{revoked.name} was revoked. It no longer works.")


def _values(form: SubmittedForm) -> dict[str, Any]:
    days = form.text("expires_in_days") or str(TOKEN_DAYS)
    return {
        "name": form.text("name"),
        "role": form.text("role") or Role.VIEWER,
        "scopes": form.texts("scopes"),
        "expires_in_days": None if days == NEVER else days,
    }


def _shown(form: SubmittedForm) -> dict[str, Any]:
    values = _values(form)
    return values | {"expires_in_days": values["expires_in_days"] or NEVER}


def _show(
    ctx: Context,
    form: dict[str, Any],
    errors: dict[str, str] = NOTHING,
    *,
    issued: IssuedToken | None = None,
    after: str = "",
) -> HTMLResponse:
    return page(
        ctx.request,
        "tokens/index.html",
        status_code=422 if errors else 200,
        listed=access.list_api_tokens(ctx.session, after),
        form=form,
        errors=errors,
        issued=issued,
        roles=list(Role),
        areas=AREAS,
        days=OFFERED_DAYS,
        now=utc_now(),
        **({"form_address": "/tokens"} if issued else {}),
    )
