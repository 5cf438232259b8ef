"""The partner in this process, with a key for one address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.partner.client import Partner, opened


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[Partner]:
    with opened(tmp_path) as client:
        yield Partner(client)
