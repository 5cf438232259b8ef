"""Setup of the first administrator, signing in and out."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import SESSION_COOKIE, Anyone, Context, Router, Viewer
from webapp.drafts import Query
from webapp.errors import EgretError
from webapp.forms import Form, errors_by_field
from webapp.services import access
from webapp.services.scope import Thing
from webapp.templating import page, see_other

SESSION_COOKIE_S = access.SESSION_DAYS * 24 * 3600

router = Router()


@router.get("/setup")
def setup(ctx: Anyone, draft: Query) -> Response:
    if not access.needs_setup(ctx.session):
        return see_other("/sign-in")
    return _setup(ctx, draft.shown("token", "name"), {})


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
        ctx.session.rollback()
        return _refused(_setup(ctx, form.shown("token", "name"), errors_by_field(error)), error)
    return _welcome(ctx, access.open_session(ctx.session, user), "/")


@router.get("/sign-in")
def sign_in(ctx: Anyone, next: str = "/") -> Response:
    if access.needs_setup(ctx.session):
        return see_other("/setup")
    return _sign_in(ctx, {"name": "", "next": next}, {})


@router.post("/sign-in")
def open_session(ctx: Anyone, form: Form) -> Response:
    try:
        token = access.sign_in(ctx.guesser, name=form.text("name"), password=form.text("password"))
    except EgretError as error:
        return _refused(_sign_in(ctx, form.shown("name", "next"), errors_by_field(error)), error)
    return _welcome(ctx, token, form.text("next", "/"))


@router.post("/sign-out")
def sign_out(ctx: Viewer) -> Response:
    ctx.scope.record("sign out", Thing("user", ctx.actor))
    access.sign_out(ctx.session, ctx.request.cookies[SESSION_COOKIE])
    response = see_other("/sign-in")
    response.delete_cookie(SESSION_COOKIE)
    response.headers["Clear-Site-Data"] = '"cache"'  # also the pages that Back would show
    return response


def _welcome(ctx: Context, token: str, next_path: str) -> Response:
    response = see_other(_own_path(next_path))
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=SESSION_COOKIE_S,
        httponly=True,
        samesite="lax",
        secure=ctx.settings.public_url.startswith("https://"),
    )
    return response


def _own_path(path: str) -> str:
    """A path on this site; what leads elsewhere becomes the first page."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if inside else "/"


def _refused(shown: HTMLResponse, error: EgretError) -> HTMLResponse:
    """The form again, or 429 with the time to wait."""
    if error.retry_after_s:
        shown.status_code = error.status
        shown.headers["Retry-After"] = str(error.retry_after_s)
    return shown


def _setup(ctx: Context, form: dict[str, str], errors: dict[str, str]) -> HTMLResponse:
    status_code = 422 if errors else 200
    return page(ctx.request, "setup.html", status_code=status_code, form=form, errors=errors)


def _sign_in(ctx: Context, form: dict[str, str], errors: dict[str, str]) -> HTMLResponse:
    status_code = 422 if errors else 200
    return page(ctx.request, "sign_in.html", status_code=status_code, form=form, errors=errors)
