"""CPU of a handler's cold start: import, the key's first read and the first call, all local.

Each handler runs twice in processes of their own: as it is deployed, and reading its key through a
boto3 client, as they did once. Their ratio is the figure, because machines differ.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.world import World
from tests.lambda_templates.world import World as Partner
from tests.lambda_templates.world import serving
from webapp.services.functions.catalogue.templates import Template, list_templates

STARTS = 7
"""The cheapest of so many counts: other processes can only add to it."""
ENTRY_POINT = "handler = entry_point("
WITH_BOTO3 = """
import boto3
from botocore.config import Config

class SecretByBoto3(Secret):
    def __init__(self, env, opener):
        config = Config(connect_timeout=SECRET_TIMEOUT_S, read_timeout=SECRET_TIMEOUT_S)
        self._client = boto3.client("secretsmanager", "eu-central-1", config=config)
        self._arn = env["KEY_SECRET_ARN"]

    def read(self):
        found = self._client.get_secret_value(SecretId=self._arn)
        return Key(found["SecretString"], found["VersionId"])

Secret = SecretByBoto3
"""
NOT_BY_DEFAULT = {"url": "https://partner.example/v1", "paths": ["/rates"], "check_path": "/rates"}
"""Settings that a person has to fill in."""
RUN = "import index; assert index.handler({}, None)['statusCode'] == 200"


def measure(world: World) -> dict[str, float | None]:
    """The dearest template's."""
    ratios = []
    with serving() as partner:
        for template in list_templates():
            by_boto3 = template.handler.replace(ENTRY_POINT, WITH_BOTO3 + ENTRY_POINT)
            signed_ms, boto3_ms = (
                cold_ms(partner, template, code) for code in (template.handler, by_boto3)
            )
            told = f"{signed_ms:.0f} ms, with boto3 {boto3_ms:.0f} ms"
            world.note(f"handlers: {template.name} {told}")
            ratios.append(signed_ms / boto3_ms)
    return {"handlers.cold": max(ratios)}


def cold_ms(partner: Partner, template: Template, code: str) -> float:
    """Milliseconds of CPU until the first answer, Python's own start included."""
    chosen = {each.name: each.default for each in template.settings if each.default is not None}
    variables = partner.environment(SETTINGS=json.dumps(NOT_BY_DEFAULT | chosen))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "index.py").write_text(code)
        own = os.environ | variables | {"PYTHONDONTWRITEBYTECODE": "1"}
        return min(_run_ms(folder, own) for _ in range(STARTS))


def _run_ms(folder: str, variables: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=folder,
        env=variables,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
