"""What the pages around signing in share: their forms, and the cookie of a session."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.browsers import session_cookie
from webapp.deps import Context
from webapp.errors import EgretError
from webapp.rendering.forms import errors_by_field
from webapp.rendering.templating import page, see_other
from webapp.sealing import sealer_of
from webapp.services import access


def welcome(
    ctx: Context, token: str, next_path: str, notice: str = "", *, kind: str = "success"
) -> Response:
    """With the cookie of a new session, or the new one of a session that goes on."""
    response = see_other(_own_path(next_path), notice, kind)
    response.set_cookie(
        session_cookie(ctx.settings),
        token,
        max_age=ctx.settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=ctx.settings.https,
    )
    return response


def refused_page(
    ctx: Context, template: str, form: dict[str, str], error: EgretError
) -> HTMLResponse:
    """The form again, or 429 or 503 with the time to wait."""
    ctx.session.rollback()
    shown = form_page(ctx, template, form, errors_by_field(error))
    if error.retry_after_s:
        shown.status_code = error.status
        shown.headers["Retry-After"] = str(error.retry_after_s)
    return shown


def form_page(
    ctx: Context,
    template: str,
    form: dict[str, str],
    errors: dict[str, str] | None = None,
    end_session_url: str = "",
) -> HTMLResponse:
    return page(
        ctx.request,
        template,
        status_code=422 if errors else 200,
        form=form,
        errors=errors or {},
        passkey_options=_passkey_options(ctx),
        provider_label=ctx.parts.provider.label if ctx.parts.provider else "",
        only_provider=ctx.settings.only_provider,
        end_session_url=end_session_url,
    )


def _passkey_options(ctx: Context) -> str:
    """'' where there are none."""
    party = access.relying_party(ctx.settings)
    return access.request_options(sealer_of(ctx.settings), party) if party else ""


def _own_path(path: str) -> str:
    """A path on this site; what leads elsewhere becomes the first page."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if inside else "/"
