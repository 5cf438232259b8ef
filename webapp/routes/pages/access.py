"""Setup of the first administrator, signing in and out, confirming who one is, links."""

from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.browsers import browser_of, limits_of, session_cookie, session_token
from webapp.deps import Anyone, Context, Router, SettingUp
from webapp.errors import EgretError, Invalid
from webapp.models import User
from webapp.rendering.drafts import Query
from webapp.rendering.forms import Form
from webapp.rendering.templating import see_other
from webapp.routes.links import check_passwords
from webapp.routes.pages.second_step import ask_for_code
from webapp.routes.pages.signed_in import form_page, refused_page, welcome
from webapp.scope import Thing
from webapp.services import access

router = Router()
PROVIDER = "provider"


@router.get("/setup")
def setup(ctx: Anyone, draft: Query) -> Response:
    if not access.needs_setup(ctx.session):
        return see_other("/sign-in")
    return form_page(ctx, "setup.html", draft.shown("token", "name"))


@router.post("/setup")
def create_first_user(ctx: Anyone, form: Form) -> Response:
    try:
        user = access.create_first_user(
            ctx.guesser,
            setup_token=form.text("token"),
            name=form.text("name"),
            password=form.text("password"),
        )
    except EgretError as error:
        return refused_page(ctx, "setup.html", form.shown("token", "name"), error)
    return welcome(ctx, _opened(ctx, user), "/")


@router.get("/sign-in")
def sign_in(ctx: Anyone, next: str = "/", left: str = "") -> Response:
    """`left` is the provider that somebody who has signed out came from."""
    if access.needs_setup(ctx.session):
        return see_other("/setup")
    provider = ctx.parts.provider if left == PROVIDER else None
    end_session_url = provider.end_session_url() if provider else ""
    form = {"name": "", "next": next}
    return form_page(ctx, "sign_in.html", form, end_session_url=end_session_url)


@router.post("/sign-in")
def open_session(ctx: Anyone, form: Form) -> Response:
    check_passwords(ctx)
    try:
        step = access.sign_in(
            ctx.guesser,
            name=form.text("name"),
            password=form.text("password"),
            limits=limits_of(ctx.settings),
            browser=browser_of(ctx.request, ctx.settings),
        )
    except EgretError as error:
        return refused_page(ctx, "sign_in.html", form.shown("name", "next"), error)
    next_path = form.text("next", "/")
    if step.needs_code:
        return ask_for_code(ctx, step.token, next_path)
    return welcome(ctx, step.token, next_path)


@router.get("/confirm-identity")
def confirm_identity(ctx: SettingUp, next: str = "/") -> HTMLResponse:
    return form_page(ctx, "confirm_identity.html", {"next": next})


@router.post("/confirm-identity")
def confirm(ctx: SettingUp, form: Form) -> Response:
    """The password once more; then back to the form."""
    if ctx.user is None or ctx.own is None:
        raise Invalid("A program does not confirm who it is.")
    try:
        token = access.confirm_identity(ctx.guesser, ctx.user, ctx.own, form.text("password"))
    except EgretError as error:
        return refused_page(ctx, "confirm_identity.html", form.shown("next"), error)
    return welcome(ctx, token, form.text("next", "/"))


@router.get("/choose-password")
def choose_password(ctx: Anyone, token: str = "") -> HTMLResponse:
    """Where an invitation leads; a reset too."""
    form = {"name": "", "token": token}
    try:
        form["name"] = access.person_of_link(ctx.guesser, token).name
    except EgretError as error:
        return refused_page(ctx, "choose_password.html", form, error)
    return form_page(ctx, "choose_password.html", form)


@router.post("/choose-password")
def keep_password(ctx: Anyone, form: Form) -> Response:
    shown = {"name": "", "token": form.text("token")}
    try:
        shown["name"] = access.person_of_link(ctx.guesser, shown["token"]).name
        password = form.text("password")
        user = access.choose_password(ctx.guesser, token=shown["token"], password=password)
    except EgretError as error:
        return refused_page(ctx, "choose_password.html", shown, error)
    return welcome(ctx, _opened(ctx, user), "/")


@router.post("/sign-out")
def sign_out(ctx: SettingUp) -> Response:
    ctx.scope.record("sign out", Thing("user", ctx.actor))
    access.sign_out(ctx.session, session_token(ctx.request, ctx.settings))
    by_provider = ctx.user is not None and ctx.user.is_from_provider
    response = see_other(f"/sign-in?left={PROVIDER}" if by_provider else "/sign-in")
    response.delete_cookie(
        session_cookie(ctx.settings), secure=ctx.settings.https, httponly=True, samesite="lax"
    )
    response.headers["Clear-Site-Data"] = '"cache"'  # also the pages that Back would show
    return response


def confirm_first(next_path: str) -> str:
    """The page that asks for the password once more, and then leads there."""
    return f"/confirm-identity?{urlencode({'next': next_path})}"


def _opened(ctx: Context, user: User) -> str:
    return access.open_session(
        ctx.session, user, limits_of(ctx.settings), browser_of(ctx.request, ctx.settings)
    )
