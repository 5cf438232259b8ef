"""What `create_app` puts together."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.databases import prepare
from webapp.aws.errors import AccessDenied
from webapp.main import create_app
from webapp.models import Network
from webapp.settings import Settings


def test_the_application_gives_its_connection_back_before_it_waits_for_aws(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own AWS, not one of the tests: without credentials, nothing is sent."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "no-such")
    prepare(settings)
    parts = create_app(settings).state.parts
    pool: Any = parts.engine.pool
    with Session(parts.engine, expire_on_commit=False) as session:
        session.exec(select(Network)).all()
        assert pool.checkedout() == 1
        with pytest.raises(AccessDenied):
            parts.cloud.vpcs.cidrs(settings.home_region)
        assert pool.checkedout() == 0
    parts.pace.close()
    parts.engine.dispose()
