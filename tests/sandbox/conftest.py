"""A region of the embedded AWS for contract tests; each test's stacks are deleted after it."""

from collections.abc import Iterator

import pytest

from tests.sandbox.lab import Lab
from webapp.aws.clients import Clients

REGION = "ap-southeast-1"


@pytest.fixture
def lab(clients: Clients) -> Iterator[Lab]:
    made = Lab(clients, REGION)
    yield made
    made.clean_up()
