"""Pages have one name on this machine: a cookie of `127.0.0.1` is not sent to `localhost`.

Browsers send a host's cookies to all of its ports. In the sandbox the portal and the functions'
endpoints therefore have the other name of this machine, and a page of the dashboard that is asked
for by that name leads to its own one: so its cookie is never set under the other.
"""

from typing import Final

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.setting_rules import LOOPBACK_HOSTS

FOR_PROGRAMS: Final = ("/api/", "/healthz", "/readyz", "/static/")
"""They need no cookie: any name will do."""


class OneName:
    """`name` is the one in the address that Egret prints."""

    def __init__(self, app: ASGIApp, *, name: str) -> None:
        self._app, self._name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._name in LOOPBACK_HOSTS:
            url = Request(scope).url
            if self._is_another(url):
                answer = RedirectResponse(url.replace(hostname=self._name), 307)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_another(self, url: URL) -> bool:
        is_page = not url.path.startswith(FOR_PROGRAMS)
        return is_page and url.hostname in LOOPBACK_HOSTS - {self._name}
