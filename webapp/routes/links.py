"""Passwords: whether they are used here, and the address where somebody chooses one."""

from webapp.deps import Context
from webapp.errors import Refused
from webapp.services import access


def check_passwords(ctx: Context) -> None:
    """Raises Refused where only the provider signs people in."""
    if ctx.settings.only_provider:
        raise Refused(
            "Here people sign in by the provider alone.",
            code="password_sign_in_off",
            remedy=f"Sign in with {ctx.settings.oidc_label}.",
            link=access.SIGN_IN,
        )


def link_to_choose_password(ctx: Context, token: str) -> str:
    """What somebody who was invited opens. It has a secret: it is shown once."""
    origin = ctx.settings.public_url or str(ctx.request.base_url).rstrip("/")
    return f"{origin}{access.link_path(token)}"
