"""The partner's door: who may use its port, and how a person gets into the portal.

The NAT proves itself with its token. Programs send the sandbox's secret as a password (HTTP Basic),
which the URLs of `egret sandbox info` contain. People open the portal by a link with a pass; it
becomes a cookie, so that it does not stay in the address bar.
"""

from typing import Final

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.sandbox.doors import FOREIGN, HOSTS, basic, is_foreign, is_secret, name_of, portal_pass
from webapp.sandbox.partner.hosts import ENTRY, PORTAL_PATH

API: Final = "/v1/"
"""It asks for a key of its own, which only the portal gives."""
COOKIE: Final = "sandbox_portal"
STAYS_OUT: Final = (
    "Only the sandbox's own programs and people get in. Open the portal by a link in the "
    "dashboard; programs take partner_url from: egret sandbox info\n"
)


class Door:
    """`nat_token` lets the NAT in, `secret` everything else."""

    def __init__(self, app: ASGIApp, *, nat_token: str, secret: str) -> None:
        self._app, self._nat_token, self._secret = app, nat_token, secret
        self._pass = portal_pass(secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = self._answer(Request(scope))
            if refusal:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _answer(self, request: Request) -> Response | None:
        """What a request is answered here; None for one that gets in."""
        headers = request.headers
        if is_secret(headers.get("x-sandbox-nat-token", ""), self._nat_token):
            return None
        if is_foreign(headers) and not _opens_portal(request):
            return PlainTextResponse(f"{FOREIGN}\n", 403)
        is_portal = f"{request.url.path}/".startswith(f"{PORTAL_PATH}/")
        if is_portal and is_secret(request.query_params.get(ENTRY, ""), self._pass):
            return self._let_in()
        knows = (
            request.url.path.startswith(API)
            or is_secret(basic(headers.get("authorization", ""))[1], self._secret)
            or (is_portal and is_secret(request.cookies.get(COOKIE, ""), self._pass))
        )
        return None if knows else PlainTextResponse(STAYS_OUT, 403)

    def _let_in(self) -> Response:
        answer = RedirectResponse(PORTAL_PATH, 303)
        answer.set_cookie(COOKIE, self._pass, path=PORTAL_PATH, httponly=True, samesite="lax")
        answer.headers["cache-control"] = "no-store"
        return answer


def _opens_portal(request: Request) -> bool:
    """Whether a person follows a link to the portal, from the dashboard say: it only shows it.

    No page may show it inside itself (its policy has frame-ancestors 'none').
    """
    headers = request.headers
    return (
        request.method == "GET"
        and request.url.path == PORTAL_PATH
        and name_of(headers.get("host", "")) in HOSTS
        and "origin" not in headers
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
