"""The app inside the test's process, on an AWS that does not answer: for what needs no AWS."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.dashboard import wait_for
from tests.databases import engine_of, prepare, settings_of
from tests.oidc.server import LocalProvider
from tests.openapi.described import CheckingClient
from tests.routes.by_provider import use
from tests.routes.people import sign_in
from tests.services.rows import add_function
from tests.services.scripted import ScriptedAws
from webapp.aws import Cloud
from webapp.main import create_app, make_parts
from webapp.models import Role, User
from webapp.settings import Settings

HOST = "http://127.0.0.1:8000"
LIMIT_S = 10


@pytest.fixture(scope="session")
def bare_app(nowhere: Cloud, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Made once: its routes take longer to build than most tests."""
    settings = settings_of(tmp_path_factory.mktemp("bare"))
    prepare(settings)
    return create_app(settings, nowhere)


@pytest.fixture
def app(bare_app: FastAPI, settings: Settings, nowhere: Cloud) -> Iterator[FastAPI]:
    """With a database and everything else of its own.

    Its background loop runs only inside `with TestClient(app)`: it would take longer than the test.
    """
    prepare(settings)
    parts = replace(make_parts(settings, nowhere), engine=engine_of(settings, "app"))
    bare_app.state.parts = parts
    bare_app.dependency_overrides.clear()
    yield bare_app
    # It ends a moment after the last stream; in the next test it would use this one's database.
    wait_for(lambda: not parts.hub.is_awake, LIMIT_S)
    parts.engine.dispose()


@pytest.fixture
def client(app: FastAPI) -> Any:
    """Nobody is signed in, and redirects are answers."""
    return CheckingClient(app, base_url=HOST, follow_redirects=False)


@pytest.fixture
def signed_in(app: FastAPI) -> Any:
    """An administrator's browser: it follows redirects."""
    client = CheckingClient(app, base_url=HOST)
    sign_in(client, app)
    return client


@pytest.fixture(scope="module")
def scripted_aws() -> ScriptedAws:
    return ScriptedAws()


@pytest.fixture
def aws(app: FastAPI, scripted_aws: ScriptedAws, session: Session) -> ScriptedAws:
    """With a function that is ready."""
    scripted_aws.reset()
    app.state.parts = replace(app.state.parts, cloud=scripted_aws.cloud)
    add_function(session, outputs={"FunctionName": "egret-fun"})
    return scripted_aws


@pytest.fixture
def local(app: FastAPI, provider: LocalProvider) -> LocalProvider:
    """The provider, which signs people in to the app, where there is an administrator already."""
    use(app, provider)
    with Session(app.state.parts.engine) as session:
        session.add(User(name="local", password_hash="of a test", role=Role.ADMIN))
        session.commit()
    return provider
