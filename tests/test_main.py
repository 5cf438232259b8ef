"""What `create_app` puts together."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.databases import prepare
from webapp.aws.errors import AccessDenied
from webapp.main import create_app
from webapp.models import Network
from webapp.settings import Settings

LATER = {
    *("alembic", "argon2", "authlib", "boto3", "cryptography", "jinja2", "joserfc", "jsonschema"),
    *("opentelemetry.exporter", "opentelemetry.sdk", "webapp.telemetry.tracing"),
    *("rich", "segno", "webauthn", "zxcvbn"),
}
START = """
import json, sys
from webapp.__main__ import prepare
prepare()
from webapp import cli, starting
from webapp.edge import server
from webapp.main import create_app
from webapp.telemetry.exporting import traces_sent
settings = starting.read_settings()
starting.bring_up_to_date(settings)
with traces_sent():
    create_app(settings)
print(json.dumps([*sys.modules]))
"""


def test_a_dashboard_starts_without_what_its_first_answer_does_not_need(
    settings: Settings, tmp_path: Path
) -> None:
    prepare(settings)
    own = {"EGRET_DATABASE_URL": settings.database, "EGRET_DATA_DIR": str(tmp_path)}
    child = [sys.executable, "-c", START]
    told = subprocess.run(child, env=os.environ | own, check=True, capture_output=True).stdout
    assert not LATER & set(json.loads(told))


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
