"""What adapters are tried on: whole stacks, an AWS that refuses calls, and no AWS at all."""

from collections.abc import Iterator

import pytest

from tests.aws.deployment import REGION
from tests.faults.proxy import Proxy, proxied
from tests.sandbox.lab import Lab
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox


@pytest.fixture
def lab(clients: Clients) -> Iterator[Lab]:
    """A region of the embedded AWS; what a test makes in it is deleted afterwards."""
    made = Lab(clients, REGION)
    yield made
    made.clean_up()


@pytest.fixture
def proxy(sandbox: Sandbox) -> Iterator[Proxy]:
    """The embedded AWS with rules about what it refuses."""
    with proxied(sandbox.info.aws_endpoint) as running:
        yield running


@pytest.fixture
def refusing(proxy: Proxy) -> Clients:
    return Clients(proxy.url, attempts=1)


@pytest.fixture
def offline() -> Clients:
    """For botocore's Stubber: a call that it does not answer fails at once."""
    return Clients("http://127.0.0.1:9", attempts=1)
