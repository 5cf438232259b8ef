"""A function of the shared sandbox that runs what it is told."""

from collections.abc import Iterator

import pytest

from tests.sandbox.inside import Inside, inside_of
from webapp.aws.clients import Clients


@pytest.fixture(scope="session")
def inside(clients: Clients) -> Iterator[Inside]:
    with inside_of(clients) as running:
        yield running
