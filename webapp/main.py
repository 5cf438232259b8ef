"""`create_app()`: the one place that knows everything."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.telemetry import TelemetryConfig
from starlette.concurrency import run_in_threadpool

from webapp import logs
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.aws.errors import NotReached
from webapp.aws.pace import Budget, Pace
from webapp.browsers import refuse_cross_origin
from webapp.capacity import threads
from webapp.capacity.outside import outside
from webapp.capacity.sizes import CONNECTIONS
from webapp.capacity.threads import SWITCH_S
from webapp.capacity.waiting import BoundedQueue, Queue
from webapp.db import give_back, make_engine
from webapp.deps import Parts, note_operation
from webapp.edge.compression import Compression
from webapp.edge.late_routes import LateRoute, included
from webapp.edge.limits import BodyLimit, HeadLimits, KnownHosts
from webapp.edge.middleware import AccessLogAndHeaders, HeadAsGet
from webapp.edge.one_name import OneName
from webapp.edge.problems import add_handlers
from webapp.edge.proxies import TrustedProxies
from webapp.edge.refusals import RecordRefusals
from webapp.edge.shortcuts import Shortcuts
from webapp.edge.unexpected import UnexpectedErrors
from webapp.errors import Unavailable
from webapp.hot.files import HotFiles
from webapp.hot.front import Front, HotAnswers
from webapp.oidc.provider import Provider
from webapp.reconciler import Reconciler
from webapp.rendering.templating import STATIC, static_version
from webapp.routes import api, health, pages
from webapp.routes.api.description import document
from webapp.routes.pages.streams import StreamedPages
from webapp.services.engine.turns import SharedTurns
from webapp.services.functions.catalogue.templates import catalogue
from webapp.services.functions.images import Images
from webapp.setting_rules import LOOPBACK_HOSTS
from webapp.settings import Settings
from webapp.watching.hub import Hub

DESCRIPTION = "/api/v1/openapi.json"
NONE_OF_ITS_OWN: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
"""FastAPI's own spans have paths and queries, and its logs have what a request was refused for:
some of these are secret. Ours: `webapp.telemetry`."""


class Egret(FastAPI):
    """The application, which describes its API in full."""

    _describing = Lock()
    _description = b""

    def openapi(self) -> dict[str, Any]:
        """Made when it is first asked for."""
        self.openapi_schema = self.openapi_schema or document(self.routes)
        return self.openapi_schema

    async def describe(self, _request: Request) -> Response:
        """The same as JSON, made once and by a thread: it takes a second."""
        body = self._description or await run_in_threadpool(self._describe)
        return Response(body, media_type="application/json")

    def _describe(self) -> bytes:
        with self._describing:
            self._description = self._description or json.dumps(self.openapi()).encode()
            return self._description


def create_app(settings: Settings, cloud: Cloud | None = None) -> FastAPI:
    """The dashboard. `cloud` is the seam for tests; the database must have been migrated."""
    app = Egret(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # it is a route of ours
        lifespan=_lifespan,
        dependencies=[Depends(note_operation), Depends(refuse_cross_origin)],
        telemetry=NONE_OF_ITS_OWN,
        redirect_slashes=False,  # `webapp.edge.problems` does, without naming a host
    )
    app.state.parts = make_parts(settings, cloud)
    files = HotFiles(STATIC)
    queue = Queue()
    app.state.front = Front(app, settings, files.slots, queue)
    _add_middleware(app, settings, queue)
    add_handlers(app)
    app.add_route(DESCRIPTION, app.describe, include_in_schema=False)
    app.routes.extend(_routes_of(app.router))
    app.mount(f"/static/{static_version()}", files)
    app.router.middleware_stack = Shortcuts(app)
    return app


def _routes_of(router: APIRouter) -> list[LateRoute]:
    """All of ours, as that router includes them."""
    return included(
        (*health.router.routes, *api.routes, *pages.routes),
        dependencies=router.dependencies,
        dependency_overrides_provider=router.dependency_overrides_provider,
    )


def make_parts(settings: Settings, cloud: Cloud | None = None) -> Parts:
    """What the routes work with: database, AWS, pictures."""
    catalogue.use(Path(settings.templates_dir).resolve() if settings.templates_dir else None)
    turns = SharedTurns(make_engine(settings.database))
    pace = Pace(turns, budget=Budget(settings.poll_s))
    return Parts(
        settings=settings,
        engine=make_engine(settings.database, CONNECTIONS),
        pace=pace,
        cloud=cloud or _connect(settings, pace),
        images=Images(settings),
        hub=Hub(make_engine(settings.database), StreamedPages(settings)),
        provider=Provider(settings) if settings.oidc_issuer else None,
    )


def _connect(settings: Settings, pace: Pace) -> Cloud:
    clients = Clients(pace=pace, before_call=before_call, keeps=True)
    return Cloud.connect(
        clients,
        prefix=settings.name_prefix,
        poll_s=settings.poll_s,
        tags=settings.tags,
        service_role_arn=settings.service_role_arn,
    )


@contextmanager
def metrics_of(parts: Parts) -> Iterator[None]:
    """`/metrics` while the block runs, if there is a port for it. Raises Unavailable."""
    if not (port := parts.settings.metrics_port):
        yield
        return
    from webapp.telemetry.exposition import registry_of, serving

    with serving(port, registry_of(parts.engine, lambda: parts.streams.taken)):
        yield


def before_call() -> None:
    """What is done before each call to AWS, which may take a minute. Raises NotReached."""
    give_back()
    try:
        outside.enter()
    except Unavailable as error:  # an operation that has begun waits for its turn
        raise NotReached(error.detail, remedy=error.remedy) from error


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    reconciler = Reconciler(parts.engine, parts.cloud, parts.settings)
    if connections := getattr(app.state, "connections", None):
        connections.when_ending.append(reconciler.begin_to_end)
    reconciler.start()
    threads.set_up(parts.engine.dialect.name)
    sys.setswitchinterval(SWITCH_S)
    yield
    if stream := logs.stream():
        stream.flush()  # what a signal that ends the process would lose
    parts.pace.close()
    reconciler.stop()
    parts.engine.dispose()


def _add_middleware(app: FastAPI, settings: Settings, queue: Queue) -> None:
    """The last one added is the first to see a request."""
    hosts = LOOPBACK_HOSTS | {settings.host.lower(), settings.host_name.lower()}
    app.add_middleware(Compression)
    app.add_middleware(BodyLimit)
    app.add_middleware(HeadLimits)
    app.add_middleware(BoundedQueue, queue=queue)
    app.add_middleware(OneName, name=settings.host_name)
    app.add_middleware(KnownHosts, hosts=hosts)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(HeadAsGet)
    app.add_middleware(RecordRefusals)
    app.add_middleware(AccessLogAndHeaders, https=settings.https)
    app.add_middleware(TrustedProxies, networks=settings.proxy_networks)
    app.add_middleware(HotAnswers, front=app.state.front)
