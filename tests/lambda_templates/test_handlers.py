"""Rules for every handler and template."""

import ast
import sys
from pathlib import Path

import pytest

from tests.lambda_templates.world import HANDLERS
from webapp.partners import partner
from webapp.rendering.templating import render
from webapp.services.functions.catalogue.code import assemble
from webapp.services.functions.catalogue.templates import Template, list_templates

SIZE_MAX_BYTES = 34 * 1024
"""What CloudFormation's limit of a template, 50 KiB, leaves for the code in it."""


@pytest.mark.parametrize(
    "handler", sorted(HANDLERS.glob("*/handler.py")), ids=lambda p: p.parent.name
)
def test_a_handler_is_small_and_imports_the_standard_library_only(handler: Path) -> None:
    code = assemble(handler)
    assert len(code.encode()) <= SIZE_MAX_BYTES
    modules = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module).split(".")[0])
    assert modules <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("file", sorted((HANDLERS / "shared").glob("*.py")), ids=lambda p: p.name)
def test_a_shared_file_begins_with_what_it_is_about(file: Path) -> None:
    """Assembling leaves it out, as its first statement."""
    assert ast.get_docstring(ast.parse(file.read_text()))


@pytest.mark.parametrize("folder", sorted(path for path in HANDLERS.iterdir() if path.is_dir()))
def test_each_handler_has_a_readme(folder: Path) -> None:
    assert (folder / "README.md").read_text().startswith("# ")


@pytest.mark.parametrize("template", list_templates(), ids=lambda template: template.name)
def test_a_template_has_a_preview_for_the_rows_that_its_partner_gives(template: Template) -> None:
    rows = partner(template.partner).rows(b"{}")
    assert "partner" in render(f"functions/previews/{template.preview}.html", rows=rows)
