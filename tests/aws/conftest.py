"""A region of the embedded AWS for whole stacks; what they made is deleted after each test."""

from collections.abc import Iterator

import pytest

from tests.aws.deployment import REGION
from tests.sandbox.lab import Lab
from webapp.aws.clients import Clients


@pytest.fixture
def lab(clients: Clients) -> Iterator[Lab]:
    made = Lab(clients, REGION)
    yield made
    made.clean_up()
