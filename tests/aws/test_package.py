"""The package holds the adapters; no part of it may need the whole, which would be a circle."""

import ast
from pathlib import Path

import webapp.aws

FOLDER = Path(webapp.aws.__file__).parent


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_no_adapter_imports_the_package_that_holds_it() -> None:
    parts = [path for path in FOLDER.rglob("*.py") if path != FOLDER / "__init__.py"]
    assert len(parts) > 20
    assert not [path.name for path in parts if "webapp.aws" in imported(path)]
