"""Imports what a dashboard needs until it has answered its first requests: see `tests.forking`."""

import gc
from importlib import import_module

from webapp.__main__ import prepare

NEEDED = (
    "boto3",
    "webapp.cli",
    "webapp.edge.server",
    "webapp.main",
    "webapp.telemetry.exporting",
)

gc.disable()
prepare()
for name in NEEDED:
    import_module(name)
gc.collect()
gc.freeze()
