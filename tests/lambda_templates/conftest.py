"""The surroundings of a function, and one execution environment in them."""

import time
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.lambda_templates.world import Clock, Environment, Start, World, load, serving

PATIENCE_S = 1.0


@pytest.fixture
def world() -> Iterator[World]:
    with serving() as made:
        yield made


@pytest.fixture(scope="session")
def module() -> ModuleType:
    return load("clash_rankings")


@pytest.fixture
def start(world: World, module: ModuleType) -> Iterator[Start]:
    """Makes an execution environment, with changes of the variables that the stack gives."""
    made = []

    def started(**changes: str) -> Environment:
        clock = Clock()
        made.append(Environment(module.Rankings(world.environment(**changes), clock), clock))
        return made[-1]

    yield started
    for environment in made:
        environment.close()


@pytest.fixture
def environment(start: Start) -> Environment:
    return start()


@pytest.fixture
def impatient(
    request: pytest.FixtureRequest, world: World, module: ModuleType
) -> Iterator[Environment]:
    """On the real clock, with one second for its partner in all; or as many as a test says."""
    limits = module.Limits(total_s=getattr(request, "param", PATIENCE_S))
    made = Environment(module.Rankings(world.environment(), time.monotonic, limits), Clock())
    yield made
    world.over.set()
    made.close()
