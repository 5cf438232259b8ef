"""What is known of who asks: a browser's session, its address, what it calls itself, a token."""

from datetime import timedelta

from fastapi import Request

from webapp.errors import Refused
from webapp.services.access import Browser, Limits
from webapp.settings import Settings

API_PREFIX = "/api/"
SESSION_COOKIE = "egret_session"
HTTPS_SESSION_COOKIE = f"__Host-{SESSION_COOKIE}"
"""Browsers take this one from HTTPS alone, for this host and all of its paths (RFC 6265bis)."""
HALF_SESSION_COOKIE = "egret_sign_in"
"""Between a right password and a code."""
BEGUN_COOKIE = "egret_provider"
"""While the browser is at the provider."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def session_cookie(settings: Settings) -> str:
    """The name of the cookie with the session's token."""
    return HTTPS_SESSION_COOKIE if settings.https else SESSION_COOKIE


def session_token(request: Request, settings: Settings) -> str:
    """'' without a session."""
    return request.cookies.get(session_cookie(settings), "")


def bearer_token(request: Request) -> str | None:
    """What a program sends to the API; None where no program asks."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    is_api = str(request.scope["path"]).startswith(API_PREFIX)
    return token.strip() if is_api and scheme.lower() == "bearer" else None


def half_session_cookie(settings: Settings) -> str:
    return f"__Host-{HALF_SESSION_COOKIE}" if settings.https else HALF_SESSION_COOKIE


def half_session_token(request: Request, settings: Settings) -> str:
    return request.cookies.get(half_session_cookie(settings), "")


def begun_cookie(settings: Settings) -> str:
    return f"__Host-{BEGUN_COOKIE}" if settings.https else BEGUN_COOKIE


def begun_token(request: Request, settings: Settings) -> str:
    return request.cookies.get(begun_cookie(settings), "")


def client_of(request: Request) -> str:
    """The client's address; behind a proxy, the one that it names (`webapp.edge.proxies`)."""
    return request.client.host if request.client else ""


def request_id_of(request: Request) -> str:
    """The one in the log and in the answer."""
    return str(request.scope.get("request_id", ""))


def browser_of(request: Request, settings: Settings) -> Browser:
    user_agent = request.headers.get("user-agent", "")
    return Browser(client_of(request), user_agent, session_token(request, settings))


def limits_of(settings: Settings) -> Limits:
    """How long a session lasts."""
    idle, longest = settings.session_idle_minutes, settings.session_hours
    return Limits(timedelta(minutes=idle), timedelta(hours=longest))


def is_used(request: Request) -> bool:
    """Whether somebody does something, and no page merely keeps itself up to date.

    Browsers say what a request is for (Fetch Metadata).
    """
    reads = request.method in SAFE_METHODS
    return not reads or request.headers.get("sec-fetch-dest", "document") == "document"


async def refuse_cross_origin(request: Request) -> None:
    """CSRF protection without tokens, the rule of Go 1.25's `http.CrossOriginProtection`.

    Browsers say which site a write comes from. A client that does not say is not a browser, so no
    other site can make it send a cookie. Raises Refused.
    """
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site:
        is_own = site in ("same-origin", "none")
    else:
        is_own = origin is None or origin.partition("://")[2] == request.headers.get("host")
    if not is_own:
        raise Refused(
            "This request came from another site.",
            code="cross_origin",
            remedy="Open the dashboard itself and do it there.",
        )
