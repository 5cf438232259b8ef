"""Signing in by the local provider with a TestClient, step by step as a browser does it."""

import re
import time
from dataclasses import replace
from html import unescape
from typing import Any

from fastapi import FastAPI

from tests.oidc.server import LocalProvider, with_provider
from webapp.oidc.documents import Clock, Documents
from webapp.oidc.provider import Provider

REFRESH = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')


def use(app: FastAPI, provider: LocalProvider, clock: Clock = time.monotonic, **other: Any) -> None:
    settings = with_provider(app.state.parts.settings, provider, **other)
    made = Provider(settings, Documents(settings.oidc_issuer, clock=clock))
    app.state.parts = replace(app.state.parts, settings=settings, provider=made)


def begin(client: Any, path: str = "/sign-in/provider", next_path: str = "/keys") -> str:
    """The address that the browser is led to."""
    shown = client.post(path, data={"next": next_path})
    assert shown.status_code == 200, shown.text
    found = REFRESH.search(shown.text)
    assert found
    return unescape(found[1])


def come_in(client: Any, local: LocalProvider, subject: str) -> Any:
    return client.get(local.consent(begin(client), subject))
