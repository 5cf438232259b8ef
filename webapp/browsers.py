"""What is known of a browser that asks: its session's cookie, its address, what it calls itself."""

from datetime import timedelta

from fastapi import Request

from webapp.services.access import Browser, Limits
from webapp.settings import Settings

SESSION_COOKIE = "egret_session"
HTTPS_SESSION_COOKIE = f"__Host-{SESSION_COOKIE}"
"""Browsers take this one from HTTPS alone, for this host and all of its paths (RFC 6265bis)."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def session_cookie(settings: Settings) -> str:
    """The name of the cookie with the session's token."""
    return HTTPS_SESSION_COOKIE if settings.https else SESSION_COOKIE


def session_token(request: Request, settings: Settings) -> str:
    """'' without a session."""
    return request.cookies.get(session_cookie(settings), "")


def client_address(request: Request) -> str:
    """Behind a proxy, whom the proxy names (`webapp.proxies`)."""
    return request.client.host if request.client else ""


def browser_of(request: Request, settings: Settings) -> Browser:
    user_agent = request.headers.get("user-agent", "")
    return Browser(client_address(request), user_agent, session_token(request, settings))


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
