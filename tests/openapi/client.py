"""A client of the API, which openapi-python-client makes of its description."""

import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.openapi.described import described

PACKAGE = "egret_client"
LINES = {"application/x-ndjson": "text/plain"}
"""The generator does not know lines of JSON."""


@dataclass
class GeneratedClient:
    """`connection` is the client's own object for one server and token."""

    package: ModuleType
    connection: Any

    def model(self, kind: str, /, **fields: Any) -> Any:
        models: Any = importlib.import_module(f"{PACKAGE}.models")
        return getattr(models, kind).from_dict(fields)

    def call(self, operation: str, *arguments: Any, **fields: Any) -> Any:
        """Status and parsed answer of an operation, such as `networks.show_network`."""
        module: Any = importlib.import_module(f"{PACKAGE}.api.{operation}")
        answer = module.sync_detailed(*arguments, client=self.connection, **fields)
        return int(answer.status_code), answer.parsed

    def close(self) -> None:
        self.connection.get_httpx_client().close()


def generated(folder: Path, url: str, token: str) -> GeneratedClient:
    """Make the client in the folder. Raises AssertionError if it cannot do all of the API."""
    description, package = folder / "openapi.json", folder / PACKAGE
    description.write_text(json.dumps(described().document))
    options = ConfigFile(post_hooks=[], content_type_overrides=LINES)
    faults = generate(
        config=Config.from_sources(
            options, MetaType.NONE, description, "utf-8", overwrite=True, output_path=package
        )
    )
    assert not faults, [fault.header for fault in faults]
    made: Any = _imported(package)
    return GeneratedClient(made, made.AuthenticatedClient(base_url=url, token=token))


def _imported(package: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location(PACKAGE, package / "__init__.py")
    assert found and found.loader
    sys.modules[PACKAGE] = made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    return made
