"""Signing in by the provider, and confirming by it who one is.

A form leads to a page that leads on, instead of being answered with a redirect: the policy of our
pages lets a form lead nowhere else, and browsers apply it to redirects, too.
"""

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.browsers import begun_cookie, begun_token, browser_of, limits_of
from webapp.deps import Anyone, Context, Router, Viewer
from webapp.edge.middleware import BY_HEAD
from webapp.errors import EgretError, Invalid, NotFound
from webapp.oidc.provider import Provider
from webapp.rendering.forms import Form
from webapp.rendering.templating import page, see_other
from webapp.routes.pages.signed_in import refused_page, welcome
from webapp.services import access
from webapp.services.access import Journey

router = Router()


@router.post("/sign-in/provider")
def begin(ctx: Anyone, form: Form) -> Response:
    provider, next_path = _provider(ctx), form.text("next", "/")
    if access.needs_setup(ctx.session):
        return see_other("/setup")
    try:
        journey = access.begin(ctx.session, provider, next_path=next_path)
    except EgretError as error:
        return _refused(ctx, "sign_in.html", error, next_path)
    return _lead(ctx, provider, journey)


@router.post("/confirm-identity/provider")
def begin_again(ctx: Viewer, form: Form) -> Response:
    provider, next_path = _provider(ctx), form.text("next", "/")
    if ctx.user is None or ctx.own is None:
        raise Invalid("A program does not confirm who it is.")
    try:
        journey = access.begin_again(ctx.session, provider, ctx.user, ctx.own, next_path=next_path)
    except EgretError as error:
        return _refused(ctx, "confirm_identity.html", error, next_path)
    return _lead(ctx, provider, journey)


@router.get("/sign-in/callback")
def finish(ctx: Anyone) -> Response:
    """Where the provider sends people back to. HEAD, as of a preview, uses nothing up."""
    provider = _provider(ctx)
    token = begun_token(ctx.request, ctx.settings)
    try:
        arrival = access.finish(
            ctx.guesser,
            provider,
            dict(ctx.request.query_params),
            "" if ctx.request.scope.get(BY_HEAD) else token,
            limits=limits_of(ctx.settings),
            browser=browser_of(ctx.request, ctx.settings),
        )
    except EgretError as error:
        return _without(ctx, _refused(ctx, "sign_in.html", error, "/"))
    return _without(ctx, welcome(ctx, arrival.token, arrival.next_path))


def _provider(ctx: Context) -> Provider:
    if ctx.parts.provider is None:
        raise NotFound("No provider signs people in here.", remedy="Sign in with your password.")
    return ctx.parts.provider


def _lead(ctx: Context, provider: Provider, journey: Journey) -> Response:
    shown = page(ctx.request, "to_provider.html", url=journey.url, label=provider.label)
    shown.set_cookie(
        begun_cookie(ctx.settings),
        journey.token,
        max_age=int(access.BEGUN_FOR.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=ctx.settings.https,
    )
    return shown


def _refused(ctx: Context, template: str, error: EgretError, next_path: str) -> HTMLResponse:
    """The page to begin at again, with what happened, and the status that it has."""
    form = {"name": "", "next": next_path}
    shown = refused_page(ctx, template, form, error)
    shown.status_code = error.status
    return shown


def _without(ctx: Context, response: Response) -> Response:
    response.delete_cookie(
        begun_cookie(ctx.settings), secure=ctx.settings.https, httponly=True, samesite="lax"
    )
    return response
