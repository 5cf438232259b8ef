"""My second factor: an authenticator app and recovery codes. Secrets are on one answer alone."""

from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from webapp.deps import ConfirmedSettingUp, Context, Router, SettingUp
from webapp.edge.middleware import NO_STORE
from webapp.errors import Conflict, EgretError, Invalid
from webapp.models import AccessToken, User
from webapp.rendering.forms import Form, errors_by_field
from webapp.rendering.templating import page, see_other
from webapp.sealing import sealer_of
from webapp.services import access

router = Router(prefix="/account/second-factor")
HERE = "/account/second-factor"
NOTHING: dict[str, str] = {}


@router.get("")
def show(ctx: SettingUp) -> HTMLResponse:
    return _show(ctx)


@router.post("/app")
def begin(ctx: ConfirmedSettingUp) -> HTMLResponse:
    user, _ = _person(ctx)
    secret = access.begin_totp(ctx.scope, sealer_of(ctx.settings), user)
    return _show(ctx, secret=secret, confirming=True)


@router.post("/app/confirmation")
def confirm(ctx: ConfirmedSettingUp, form: Form) -> Response:
    user, own = _person(ctx)
    sealer, code = sealer_of(ctx.settings), form.text("code")
    try:
        codes = access.confirm_totp(ctx.guesser, sealer, user, own, code)
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, error, confirming=True)
    if not codes:
        return see_other(HERE, "The authenticator app is set up. Other sessions were ended.")
    return _show(ctx, codes=codes)


@router.post("/app/removal")
def remove(ctx: ConfirmedSettingUp) -> Response:
    user, _ = _person(ctx)
    access.remove_totp(ctx.scope, user)
    return see_other(HERE, "The authenticator app was removed.")


@router.post("/passkeys")
def add_passkey(ctx: ConfirmedSettingUp, form: Form) -> Response:
    user, own = _person(ctx)
    name, credential = form.text("name"), form.text("credential")
    try:
        sealer, party = sealer_of(ctx.settings), access.needed_party(ctx.settings)
        codes = access.add_passkey(
            ctx.scope, sealer, party, user, own, name=name, credential=credential
        )
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, error)
    if not codes:
        return see_other(HERE, f"The passkey {name} was added. Other sessions were ended.")
    return _show(ctx, codes=codes)


@router.post("/passkeys/{passkey_id}/removal")
def remove_passkey(ctx: ConfirmedSettingUp, passkey_id: str) -> Response:
    user, _ = _person(ctx)
    access.remove_passkey(ctx.scope, user, passkey_id)
    return see_other(HERE, "The passkey was removed. Remove it in your device, too.")


@router.post("/recovery-codes")
def renew_codes(ctx: ConfirmedSettingUp) -> HTMLResponse:
    user, _ = _person(ctx)
    return _show(ctx, codes=access.renew_codes(ctx.scope, user))


def _person(ctx: Context) -> tuple[User, AccessToken]:
    """A program has no second factor; of who comes from the provider, it is kept there."""
    if ctx.user is None or ctx.own is None:
        raise Invalid("A program has no second factor.")
    if ctx.user.is_from_provider:
        raise Conflict(
            f"You sign in with {ctx.settings.oidc_label}, so your second factor is there.",
            code="of_provider",
            remedy="Change it there.",
            link=("/account", "Open my account"),
        )
    return ctx.user, ctx.own


def _passkey_options(ctx: Context, user: User) -> str:
    """'' where there are none."""
    party = access.relying_party(ctx.settings)
    sealer = sealer_of(ctx.settings) if party else None
    return access.creation_options(ctx.session, sealer, party, user) if party and sealer else ""


def _show(
    ctx: Context,
    error: EgretError | None = None,
    *,
    secret: access.NewSecret | None = None,
    confirming: bool = False,
    codes: list[str] | None = None,
) -> HTMLResponse:
    user, _ = _person(ctx)
    factors = access.factors_of(ctx.session, user)
    shown: dict[str, Any] = {"secret": secret, "codes": codes or [], "confirming": confirming}
    response = page(
        ctx.request,
        "account/second_factor.html",
        status_code=422 if error else 200,
        factors=factors,
        user_has_factor=factors.is_some,
        passkey_options=_passkey_options(ctx, user),
        port=ctx.settings.port,
        qr=Markup(secret.qr_svg) if secret else "",  # noqa: S704 - drawn by segno
        lacks_key=ctx.settings.lacks_key,
        is_needed=ctx.settings.needs_factor(user.role),
        errors=errors_by_field(error) if error else NOTHING,
        **shown,
    )
    response.headers["Cache-Control"] = NO_STORE
    if error and error.retry_after_s:
        response.status_code = error.status
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response
