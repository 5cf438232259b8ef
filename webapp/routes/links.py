"""Addresses of this dashboard, for somebody who is to open them elsewhere."""

from webapp.deps import Context
from webapp.services import access


def link_to_choose_password(ctx: Context, token: str) -> str:
    """What somebody who was invited opens. It has a secret: it is shown once."""
    origin = ctx.settings.public_url or str(ctx.request.base_url).rstrip("/")
    return f"{origin}{access.link_path(token)}"
