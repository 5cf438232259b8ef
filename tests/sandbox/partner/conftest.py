"""The partner in this process, with a key for one address."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.sandbox.partner.client import NAT_TOKEN, Partner
from webapp.sandbox.partner.__main__ import create_partner


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[Partner]:
    app = create_partner(tmp_path, NAT_TOKEN)
    with TestClient(app, client=("127.0.0.1", 1)) as client:
        yield Partner(client)
