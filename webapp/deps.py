"""What a route is given: the database session, the adapters, and who is asking.

Loading and authorising are one dependency, so that no route can have the one without the other. A
request has a connection of the database only while it asks it, and waits for its body or a thread
without one: it is given back once it is known who asks, and at the end of a route. Hence `Router`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Request, Security
from fastapi.security import HTTPBearer
from sqlalchemy import Engine
from sqlmodel import Session

from webapp import logs
from webapp.aws import Cloud
from webapp.aws.pace import Pace
from webapp.browsers import (
    API_PREFIX,
    bearer_token,
    client_of,
    is_used,
    limits_of,
    request_id_of,
    session_token,
)
from webapp.capacity.allowance import Allowance
from webapp.capacity.one_go import in_one_go
from webapp.capacity.stream_places import StreamPlaces
from webapp.edge.late_routes import LateRoute
from webapp.errors import FactorMissing, NotConfirmed, Refused, Unauthenticated
from webapp.hot.cache import HotCache
from webapp.models import AccessToken, Role, User
from webapp.oidc.provider import Provider
from webapp.scope import NOBODY, CloudScope, Origin, Placed
from webapp.services import access
from webapp.services.access import Guesser
from webapp.services.functions.activity.tails import Tails
from webapp.services.functions.images import Images
from webapp.settings import Settings
from webapp.watching.hub import Hub

AREA_AT = len(["", "api", "v1", ""]) - 1


@dataclass(frozen=True)
class Parts:
    """What the application is made of; `make_parts` puts it together."""

    settings: Settings
    engine: Engine
    pace: Pace
    cloud: Cloud
    images: Images
    hub: Hub
    tails: Tails = field(default_factory=Tails)
    streams: StreamPlaces = field(default_factory=StreamPlaces)
    allowance: Allowance = field(default_factory=Allowance)
    hot: HotCache = field(default_factory=HotCache)
    provider: Provider | None = None


@dataclass(frozen=True)
class Context:
    """One request: its database session, the application's parts, and who asks."""

    request: Request
    session: Session
    parts: Parts
    actor: str
    user: User | None = None
    role: Role | None = None
    own: AccessToken | None = None
    """The session that the request belongs to; None for a program."""
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
        if self.scopes:  # of the API: `networks` of /api/v1/networks/main
            self.demand_area(str(self.request.scope["path"]).split("/")[AREA_AT])

    def demand_area(self, area: str) -> None:
        """Raises Refused for a token that is limited to other areas of the API."""
        if self.scopes and area not in self.scopes:
            raise Refused(
                f"This needs the scope {area}; {self.actor} has the scopes "
                f"{', '.join(self.scopes)}.",
                code="scope_missing",
                remedy="Ask an admin for a token with that scope.",
            )

    def demand_confirmed(self) -> None:
        """Raises NotConfirmed for a person who typed the password long ago. No program is asked."""
        if self.own and not access.is_confirmed(self.own):
            raise NotConfirmed(
                "This asks once more who you are: you last proved it over "
                f"{access.CONFIRMED_FOR.total_seconds() / 60:.0f} minutes ago.",
                code="identity_not_confirmed",
                remedy="Confirm that it is you at /confirm-identity, then try again.",
                link=("/confirm-identity", "Confirm that it is you"),
            )

    def demand_factor(self) -> None:
        """Raises FactorMissing for a person whose role needs a second factor; asks no program."""
        user = self.user
        if user and self.settings.needs_factor(user.role) and not user.brings_second_factor:
            raise FactorMissing(
                f"This dashboard asks everyone with the role {user.role} for a second factor, and "
                f"{user.name} has none.",
                remedy="Set one up at /account/second-factor, then try again.",
                link=("/account/second-factor", "Set up a second factor"),
            )

    @property
    def guesser(self) -> Guesser:
        return guesser_of(self.request, self.session)

    def cloud_of(self, placed: Placed) -> Cloud:
        return self.scope.cloud_of(placed)

    @property
    def settings(self) -> Settings:
        return self.parts.settings


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def guesser_of(request: Request, session: Session) -> Guesser:
    """Whose wrong tries are counted."""
    return Guesser(session, client_of(request), request_id=request_id_of(request))


async def open_session(request: Request) -> AsyncIterator[Session]:
    """Closed before the answer is sent, and by a thread for which nothing else waits."""
    session = Session(parts_of(request).engine, expire_on_commit=False)
    try:
        yield session
    finally:
        if session.in_transaction():
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(session.close, limiter=anyio.CapacityLimiter(1))
        session.close()  # without a connection there is nothing to wait for


DbSession = Annotated[Session, Depends(open_session, scope="function")]


async def anyone(request: Request, session: DbSession) -> Context:
    """For the few routes that need no sign-in, and no thread to find out who asks."""
    return Context(request, session, parts_of(request), actor=NOBODY)


BEARER = HTTPBearer(auto_error=False, description="egret tokens create --name NAME")


@in_one_go
def who_asks(
    request: Request, session: DbSession, _described: Annotated[object, Security(BEARER)] = None
) -> Context:
    """The holder of a bearer token, on the API alone, or else of a session cookie.

    Raises Unauthenticated.
    """
    is_api = str(request.scope["path"]).startswith(API_PREFIX)
    if (token := bearer_token(request)) is not None:
        found = access.bearer(guesser_of(request, session), token)
        access.touch(session, found)
        actor, scopes = f"token {found.name}", tuple(found.scopes)
        return Context(request, session, parts_of(request), actor, role=found.role, scopes=scopes)
    parts = parts_of(request)
    cookie = session_token(request, parts.settings)
    if is_api and not cookie:
        raise Unauthenticated(
            "This needs a bearer token.",
            remedy="Create one: egret tokens create --name NAME. Send Authorization: Bearer TOKEN.",
        )
    found_session = access.session_of(session, cookie) if cookie else None
    if found_session is None:
        raise Unauthenticated("You are not signed in.", remedy="Sign in, then try again.")
    user, own = found_session
    if is_used(request):
        access.touch(session, own, limits_of(parts.settings))
    request.state.user = user  # for the page's header, on error pages too
    return Context(request, session, parts, user.name, user=user, role=user.role, own=own)


WhoAsks = Annotated[Context, Depends(who_asks)]


@dataclass(frozen=True)
class Needs:
    """A route's declaration: the role of those who may ask it. `Context.demand` decides.

    `confirmed` is for what cannot be undone or opens a door: a person must have typed the password
    lately. `without_factor` is for what somebody needs who has to set up a second factor first.
    """

    role: Role
    confirmed: bool = False
    without_factor: bool = False

    async def __call__(self, ctx: WhoAsks) -> Context:
        logs.note(user=ctx.actor, role=ctx.role or "")
        ctx.request.state.asked_by = ctx.actor, ctx.origin  # for the audit trail, if it is refused
        return self.check(ctx)

    def check(self, ctx: Context) -> Context:
        """Raises Refused, FactorMissing or NotConfirmed."""
        ctx.demand(self.role)
        if not self.without_factor:
            ctx.demand_factor()
        if self.confirmed:
            ctx.demand_confirmed()
        return ctx


async def note_operation(request: Request) -> None:
    """Lines of the log say which route it was: `pages.networks.park`."""
    route = request.scope["endpoint"]
    module = route.__module__.removeprefix("webapp.routes.")
    logs.note(operation=f"{module}.{route.__name__}")


class Router(APIRouter):
    """Of routes that keep no connection of the database once they have made their answer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=LateRoute, **options)


Anyone = Annotated[Context, Depends(anyone)]
Viewer = Annotated[Context, Depends(Needs(Role.VIEWER))]
Operator = Annotated[Context, Depends(Needs(Role.OPERATOR))]
Admin = Annotated[Context, Depends(Needs(Role.ADMIN))]
SettingUp = Annotated[Context, Depends(Needs(Role.VIEWER, without_factor=True))]
ConfirmedSettingUp = Annotated[
    Context, Depends(Needs(Role.VIEWER, confirmed=True, without_factor=True))
]
ConfirmedOperator = Annotated[Context, Depends(Needs(Role.OPERATOR, confirmed=True))]
ConfirmedAdmin = Annotated[Context, Depends(Needs(Role.ADMIN, confirmed=True))]
