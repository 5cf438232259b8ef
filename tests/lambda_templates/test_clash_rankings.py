"""The handler of rankings: what it asks for. What it shares with others is tested in `shared`."""

import json
import os
import subprocess
import sys
from io import BufferedIOBase
from pathlib import Path

import pytest

from tests.lambda_templates.world import Raw, Start, World
from webapp.services.functions.catalogue.templates import get_template

RUN = "import json, index; print(json.dumps(index.handler({}, None)))"


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"location": "32000006"}, "/v1/locations/32000006/rankings/clans?limit=10"),
        (
            {"location": "global", "ranking": "players-builder-base"},
            "/v1/locations/global/rankings/players-builder-base?limit=10",
        ),
    ],
    ids=["as functions of before have it", "another ranking of the world"],
)
def test_the_ranking_of_the_settings_is_asked_for(
    start: Start, world: World, settings: dict[str, str], asked: str
) -> None:
    start(SETTINGS=json.dumps(settings | {"limit": 10})).call()
    assert world.partner_calls == [asked]


def not_http(out: BufferedIOBase) -> None:
    out.write(b"SSH-2.0-x\r\n\r\n")


@pytest.mark.parametrize(
    ("secret", "raw", "status"),
    [
        ({}, None, 200),
        ({}, not_http, 502),
        ({"SecretString": "good-key\n"}, None, 502),
    ],
    ids=["answered", "not HTTP", "a broken key"],
)
def test_a_real_process_prints_the_answer_and_the_request_line_and_never_a_secret(
    world: World, tmp_path: Path, secret: dict[str, str], raw: Raw | None, status: int
) -> None:
    world.secret = secret
    world.raw = raw
    (tmp_path / "index.py").write_text(get_template("clash_rankings").handler)
    variables = world.environment()
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=tmp_path,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    line, answer = map(json.loads, done.stdout.splitlines())
    assert (line["type"], line["status"], answer["statusCode"]) == ("request", status, status)
    held = (world.key, variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_SESSION_TOKEN"])
    assert not [text for text in held if text in done.stdout + done.stderr]
