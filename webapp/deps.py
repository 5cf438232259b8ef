"""What a route is given: the database session, the adapters, and who is asking.

Loading and authorising are one dependency, so that no route can have the one without the other.

A request has a connection of the database only while it asks it. It waits for its body and for a
thread without one: who is signed in is found out first, and the connection then given back. It is
given back again at the end of a route, before the answer waits for anything. Hence `Router`.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Annotated, Any, TypeVar

import anyio
from fastapi import APIRouter, Depends, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.sse import EventSourceResponse
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.exceptions import HTTPException

from webapp import logs
from webapp.aws import Cloud
from webapp.aws.pace import Pace
from webapp.db import end_transactions
from webapp.errors import Refused, Unauthenticated
from webapp.middleware import BY_HEAD
from webapp.models import Role, User
from webapp.outside import outside
from webapp.services import access
from webapp.services.access import Guesser
from webapp.services.functions.activity.tails import Tails
from webapp.services.functions.images import Images
from webapp.services.scope import NOBODY, CloudScope, Origin
from webapp.settings import Settings

Result = TypeVar("Result")
API_PREFIX = "/api/"
AREA_AT = len(["", "api", "v1", ""]) - 1
SESSION_COOKIE = "egret_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Parts:
    """What the application is made of; `make_parts` puts it together."""

    settings: Settings
    engine: Engine
    pace: Pace
    cloud: Cloud
    images: Images
    tails: Tails = field(default_factory=Tails)


@dataclass(frozen=True)
class Context:
    """One request: its database session, the application's parts, and who asks."""

    request: Request
    session: Session
    parts: Parts
    actor: str
    user: User | None = None
    role: Role | None = None
    scopes: tuple[str, ...] = ()

    @property
    def scope(self) -> CloudScope:
        """What the services need to act for who asks."""
        parts, origin = self.parts, self.origin
        return CloudScope(self.session, self.actor, parts.cloud, parts.settings, origin=origin)

    @property
    def origin(self) -> Origin:
        return Origin(self.role or "", client_of(self.request), request_id_of(self.request))

    def may(self, role: Role) -> bool:
        return self.role is not None and self.role.includes(role)

    def demand(self, role: Role, what: str = "This") -> None:
        """The one place that decides who may do what, by role and scope. Raises Refused."""
        if not self.may(role):
            raise Refused(
                f"{what} needs the role {role}; {self.actor} has the role {self.role}.",
                code="role_too_low",
                remedy=f"Ask an admin to do it, or to give {self.actor} the role {role}.",
            )
        if self.scopes and self._area not in self.scopes:
            raise Refused(
                f"This needs the scope {self._area}; {self.actor} has the scopes "
                f"{', '.join(self.scopes)}.",
                code="scope_missing",
                remedy="Ask an admin for a token with that scope.",
            )

    @property
    def _area(self) -> str:
        """Of the API: `networks` of /api/v1/networks/main."""
        return str(self.request.scope["path"]).split("/")[AREA_AT]

    @property
    def guesser(self) -> Guesser:
        return guesser_of(self.request, self.session)

    @property
    def cloud(self) -> Cloud:
        return self.parts.cloud

    @property
    def settings(self) -> Settings:
        return self.parts.settings


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def guesser_of(request: Request, session: Session) -> Guesser:
    """Whose wrong tries are counted: behind a proxy, whom the proxy names (`webapp.proxies`)."""
    return Guesser(session, client_of(request), request_id=request_id_of(request))


def client_of(request: Request) -> str:
    """The client's address."""
    return request.client.host if request.client else ""


def request_id_of(request: Request) -> str:
    """The one in the log and in the answer."""
    return str(request.scope.get("request_id", ""))


async def open_session(request: Request) -> AsyncIterator[Session]:
    """Closed before the answer is sent, and by a thread for which nothing else waits."""
    session = Session(parts_of(request).engine, expire_on_commit=False)
    try:
        yield session
    finally:
        if session.in_transaction():
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(session.close, limiter=anyio.CapacityLimiter(1))
        else:  # it has no connection, and there is nothing to wait for
            session.close()


def _in_one_go(function: Callable[..., Result]) -> Callable[..., Result]:
    """The same; at its end its thread, which alone knows them, gives back the connections it took.

    What it has not committed is undone.
    """

    @wraps(function)
    def run(*arguments: Any, **named: Any) -> Result:
        with outside.request():
            try:
                return function(*arguments, **named)
            finally:
                end_transactions()

    return run


DbSession = Annotated[Session, Depends(open_session, scope="function")]


async def anyone(request: Request, session: DbSession) -> Context:
    """For the few routes that need no sign-in, and no thread to find out who asks."""
    return Context(request, session, parts_of(request), actor=NOBODY)


BEARER = HTTPBearer(auto_error=False, description="egret tokens create --name NAME")


@_in_one_go
def who_asks(
    request: Request, session: DbSession, _described: Annotated[object, Security(BEARER)] = None
) -> Context:
    """The holder of a bearer token, on the API alone, or else of a session cookie.

    Raises Unauthenticated.
    """
    is_api = str(request.scope["path"]).startswith(API_PREFIX)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if is_api and scheme.lower() == "bearer":
        found = access.bearer(guesser_of(request, session), token.strip())
        actor, scopes = f"token {found.name}", tuple(found.scopes)
        return Context(request, session, parts_of(request), actor, role=found.role, scopes=scopes)
    cookie = request.cookies.get(SESSION_COOKIE, "")
    if is_api and not cookie:
        raise Unauthenticated(
            "This needs a bearer token.",
            remedy="Create one: egret tokens create --name NAME. Send Authorization: Bearer TOKEN.",
        )
    user = access.user_of_session(session, cookie) if cookie else None
    if user is None:
        raise Unauthenticated("You are not signed in.", remedy="Sign in, then try again.")
    session.expunge(user)  # so that an error page can name the user after a rollback
    request.state.user = user  # for the page's header, on error pages too
    return Context(request, session, parts_of(request), user.name, user=user, role=user.role)


WhoAsks = Annotated[Context, Depends(who_asks)]


@dataclass(frozen=True)
class Needs:
    """A route's declaration: the role of those who may ask it. `Context.demand` decides."""

    role: Role

    async def __call__(self, ctx: WhoAsks) -> Context:
        logs.note(user=ctx.actor, role=ctx.role or "")
        ctx.request.state.asked_by = ctx.actor, ctx.origin  # for the audit trail, if it is refused
        ctx.demand(self.role)
        return ctx


async def note_operation(request: Request) -> None:
    """Lines of the log say which route it was: `pages.networks.park`."""
    route = request.scope["endpoint"]
    module = route.__module__.removeprefix("webapp.routes.")
    logs.note(operation=f"{module}.{route.__name__}")


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


class Router(APIRouter):
    """Of routes that keep no connection of the database once they have made their answer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=_Route, **options)


class _Route(APIRoute):
    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        is_async = inspect.isasyncgenfunction(endpoint) or inspect.iscoroutinefunction(endpoint)
        if options.get("response_class") is EventSourceResponse:
            options["dependencies"] = [Depends(_refuse_head), *(options["dependencies"] or ())]
        super().__init__(path, endpoint if is_async else _in_one_go(endpoint), **options)


async def _refuse_head(request: Request) -> None:
    """Only a reader begins a stream."""
    if request.scope.get(BY_HEAD):
        raise HTTPException(405, headers={"Allow": "GET"})


Anyone = Annotated[Context, Depends(anyone)]
Viewer = Annotated[Context, Depends(Needs(Role.VIEWER))]
Operator = Annotated[Context, Depends(Needs(Role.OPERATOR))]
Admin = Annotated[Context, Depends(Needs(Role.ADMIN))]


def declared(route: APIRoute) -> list[Role | None]:
    """What the route declares in its signature: a role, or None for `Anyone`. Once, or it is wrong.

    For tests and the documentation.
    """
    found: list[Role | None] = []
    to_visit = [route.dependant]
    while to_visit:
        dependant = to_visit.pop()
        to_visit += dependant.dependencies
        if isinstance(dependant.call, Needs):
            found.append(dependant.call.role)
        elif dependant.call is anyone:
            found.append(None)
    return found
