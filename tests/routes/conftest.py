"""The app inside the test's process, on an AWS that does not answer: for what needs no AWS."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from tests.databases import prepare
from tests.routes.people import sign_in
from tests.services.rows import add_function
from tests.services.scripted import ScriptedAws
from webapp.aws import Cloud
from webapp.main import create_app, make_parts
from webapp.settings import Settings

HOST = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def bare_app(nowhere: Cloud, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Made once: its routes take longer to build than most tests."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("bare"))
    prepare(settings)
    return create_app(settings, nowhere)


@pytest.fixture
def app(bare_app: FastAPI, settings: Settings, nowhere: Cloud) -> FastAPI:
    """With a database and everything else of its own."""
    prepare(settings)
    bare_app.state.parts = make_parts(settings, nowhere)
    bare_app.dependency_overrides.clear()
    return bare_app


@pytest.fixture
def client(app: FastAPI) -> Iterator[Any]:
    """Nobody is signed in, and redirects are answers."""
    with TestClient(app, base_url=HOST, follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def signed_in(app: FastAPI) -> Iterator[Any]:
    """An administrator's browser: it follows redirects."""
    with TestClient(app, base_url=HOST) as opened:
        sign_in(opened, app)
        yield opened


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
