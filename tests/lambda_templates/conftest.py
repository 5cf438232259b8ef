"""The surroundings of a function, and one execution environment in them."""

import threading
import time
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.lambda_templates.world import Clock, Environment, World, load, server

PATIENCE_S = 1.0


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World()
    serving = server(made)
    thread = threading.Thread(target=serving.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    yield made
    made.over.set()
    serving.shutdown()
    serving.server_close()
    thread.join()


@pytest.fixture(scope="session")
def module() -> ModuleType:
    return load("clash_rankings")


@pytest.fixture
def environment(world: World, module: ModuleType) -> Iterator[Environment]:
    clock = Clock()
    made = Environment(module.Rankings(world.environment(), clock), clock)
    yield made
    made.close()


@pytest.fixture
def impatient(world: World, module: ModuleType) -> Iterator[Environment]:
    """On the real clock, with one second for its partner in all."""
    rankings = module.Rankings(world.environment(), time.monotonic, PATIENCE_S)
    made = Environment(rankings, Clock())
    yield made
    world.over.set()
    made.close()
