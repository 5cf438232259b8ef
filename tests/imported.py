"""Imports and reads what a dashboard needs for its first requests: see `tests.forking`."""

import gc
from importlib import import_module

from webapp.__main__ import prepare

NEEDED = (
    "jsonschema",
    "webapp.aws.sessions",
    "webapp.cli",
    "webapp.edge.server",
    "webapp.main",
    "webapp.telemetry.exporting",
    "yaml",
)
SERVICES = (
    "apigateway",
    "cloudformation",
    "ec2",
    "kms",
    "lambda",
    "logs",
    "secretsmanager",
    "service-quotas",
    "sts",
)
"""Of AWS, whose models are read."""


def read_models() -> None:
    import botocore.session

    from webapp.aws.sessions import share_models

    session = botocore.session.Session()
    session.set_credentials("of-no-account", "of-no-account")
    share_models(session)
    for service in SERVICES:
        session.create_client(service, region_name="eu-central-1").close()


gc.disable()
prepare()
for name in NEEDED:
    import_module(name)
read_models()
import_module("tests.compiled").use()
gc.collect()
gc.freeze()
