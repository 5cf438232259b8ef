"""My account: the password and the sessions of who asks."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.browsers import limits_of
from webapp.deps import Context, Router, Viewer
from webapp.errors import EgretError, Unauthenticated
from webapp.models import AccessToken, User
from webapp.rendering.forms import Form, errors_by_field
from webapp.rendering.templating import page, see_other
from webapp.routes.pages.signed_in import welcome
from webapp.services import access

router = Router(prefix="/account")
NOTHING: dict[str, str] = {}


@router.get("")
def show(ctx: Viewer) -> HTMLResponse:
    return _show(ctx)


@router.post("/password")
def change_password(ctx: Viewer, form: Form) -> Response:
    user, own = _person(ctx)
    old, new = form.text("old_password"), form.text("password")
    try:
        token = access.change_password(ctx.guesser, user, own, old=old, new=new)
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, error)
    return welcome(ctx, token, "/account", "Your password was changed. Other sessions were ended.")


@router.post("/sessions/end")
def end_others(ctx: Viewer) -> Response:
    user, own = _person(ctx)
    access.end_other_sessions(ctx.scope, user, own)
    return see_other("/account", "All your other sessions were ended.")


@router.post("/sessions/{session_id}/end")
def end_session(ctx: Viewer, session_id: str) -> Response:
    user, _ = _person(ctx)
    access.end_session(ctx.scope, user, session_id)
    return see_other("/account", "The session was ended.")


def _person(ctx: Context) -> tuple[User, AccessToken]:
    """Pages are for people: a program has no session."""
    if ctx.user is None or ctx.own is None:
        raise Unauthenticated("You are not signed in.", remedy="Sign in, then try again.")
    return ctx.user, ctx.own


def _show(ctx: Context, error: EgretError | None = None) -> HTMLResponse:
    user, own = _person(ctx)
    limits = limits_of(ctx.settings)
    shown = page(
        ctx.request,
        "account/show.html",
        status_code=422 if error else 200,
        person=user,
        own=own,
        sessions=access.sessions_of(ctx.session, user),
        codes_left=access.factors_of(ctx.session, user).codes_left,
        errors=errors_by_field(error) if error else NOTHING,
        provider_label=ctx.settings.oidc_label,
        idle_s=limits.idle.total_seconds(),
        longest_s=limits.longest.total_seconds(),
    )
    if error and error.retry_after_s:
        shown.status_code = error.status
        shown.headers["Retry-After"] = str(error.retry_after_s)
    return shown
