"""The app inside the test's process, on an AWS that does not answer: for what needs no AWS."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.databases import prepare
from webapp.aws import Cloud
from webapp.main import create_app
from webapp.settings import Settings

HOST = "http://127.0.0.1:8000"


@pytest.fixture
def app(settings: Settings, nowhere: Cloud) -> FastAPI:
    prepare(settings)
    return create_app(settings, nowhere)


@pytest.fixture
def client(app: FastAPI) -> Iterator[Any]:
    """Nobody is signed in, and redirects are answers."""
    with TestClient(app, base_url=HOST, follow_redirects=False) as opened:
        yield opened
