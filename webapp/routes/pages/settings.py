"""The settings that Egret runs with, to be read: they are changed where Egret is started."""

from fastapi.responses import HTMLResponse

from webapp.deps import Admin, Router
from webapp.rendering.shown_settings import shown
from webapp.rendering.templating import page

router = Router(prefix="/settings")


@router.get("")
def show(ctx: Admin) -> HTMLResponse:
    return page(ctx.request, "settings/index.html", settings=shown(ctx.settings))
