"""Signing in, the second step: a code of the authenticator app, or a recovery code."""

from urllib.parse import urlencode

from fastapi import Response

from webapp.browsers import (
    browser_of,
    half_session_cookie,
    half_session_token,
    limits_of,
)
from webapp.deps import Anyone, Context, Router
from webapp.errors import EgretError, Unauthenticated
from webapp.rendering.forms import Form
from webapp.rendering.templating import see_other
from webapp.routes.links import check_passwords
from webapp.routes.pages.signed_in import form_page, refused_page, welcome
from webapp.sealing import sealer_of
from webapp.services import access

router = Router(prefix="/sign-in")
TEMPLATE = "sign_in_code.html"


@router.get("/code")
def show(ctx: Anyone, next: str = "/") -> Response:
    try:
        access.who_signs_in(ctx.session, half_session_token(ctx.request, ctx.settings))
    except Unauthenticated as error:
        return _again(ctx, error, next)
    return form_page(ctx, TEMPLATE, {"next": next})


@router.post("/code")
def finish(ctx: Anyone, form: Form) -> Response:
    try:
        done = access.finish_sign_in(
            ctx.guesser,
            sealer_of(ctx.settings),
            half_session_token(ctx.request, ctx.settings),
            form.text("code"),
            limits=limits_of(ctx.settings),
            browser=browser_of(ctx.request, ctx.settings),
        )
    except Unauthenticated as error:
        return _again(ctx, error, form.text("next", "/"))
    except EgretError as error:
        return refused_page(ctx, TEMPLATE, form.shown("next"), error)
    few = _few(done.codes_left) if done.has_few_codes else ""
    return _without_half(ctx, welcome(ctx, done.token, form.text("next", "/"), few, kind="warning"))


@router.post("/passkey")
def sign_in_with_passkey(ctx: Anyone, form: Form) -> Response:
    """Instead of the password and a code, or of the code alone."""
    check_passwords(ctx)
    try:
        token = access.sign_in_with_passkey(
            ctx.guesser,
            sealer_of(ctx.settings),
            access.needed_party(ctx.settings),
            form.text("credential"),
            limits=limits_of(ctx.settings),
            browser=browser_of(ctx.request, ctx.settings),
        )
    except EgretError as error:
        return _again(ctx, error, form.text("next", "/"))
    return _without_half(ctx, welcome(ctx, token, form.text("next", "/")))


def ask_for_code(ctx: Context, token: str, next_path: str) -> Response:
    """To the page above, with the cookie of a half session, which opens that page alone."""
    response = see_other(f"/sign-in/code?{urlencode({'next': next_path})}")
    response.set_cookie(
        half_session_cookie(ctx.settings),
        token,
        max_age=int(access.HALF_FOR.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=ctx.settings.https,
    )
    return response


def _without_half(ctx: Context, response: Response) -> Response:
    response.delete_cookie(
        half_session_cookie(ctx.settings),
        secure=ctx.settings.https,
        httponly=True,
        samesite="lax",
    )
    return response


def _again(ctx: Context, error: EgretError, next_path: str) -> Response:
    """The first step, which leads here."""
    return refused_page(ctx, "sign_in.html", {"name": "", "next": next_path}, error)


def _few(codes_left: int) -> str:
    left = f"{codes_left} recovery code{'s' if codes_left > 1 else ''} left"
    return (
        f"You have {left if codes_left else 'no recovery code left'}. Make new ones in My account."
    )
