"""Keys in the sandbox's Secrets Manager; networks and functions are rows only."""

import json
from collections.abc import Callable

import pytest
from sqlmodel import Session

from tests.services.keys.rows import add_function, add_network
from webapp.models import Function
from webapp.sandbox.launcher import Sandbox
from webapp.services import keys
from webapp.settings import Settings

Use = Callable[[str, str, str], Function]


@pytest.fixture
def settings(settings: Settings, sandbox: Sandbox) -> Settings:
    endpoints = json.loads(sandbox.environment()["EGRET_ENDPOINTS"])
    return settings.model_copy(update={"name_prefix": "keyroom", "endpoints": endpoints})


@pytest.fixture
def use(session: Session) -> Use:
    """Makes a network with an address, and a function there that uses the key."""

    def made(key_name: str, network_name: str, ip: str) -> Function:
        network = add_network(session, network_name, ip)
        return add_function(session, keys.get(session, key_name), network)

    return made
