"""Jinja as pages use it. Imported with the first page: see `webapp.rendering.templating`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from jinja2.environment import TemplateModule

from webapp.rendering.inlining import Inlining


class _Template(Template):
    """Imported, it is one module for all pages: none has globals of its own."""

    def _get_default_module(self, ctx: Any = None) -> TemplateModule:  # noqa: ARG002 - Jinja's name
        return super()._get_default_module()


def make_environment(
    folder: Path, names: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]]
) -> Environment:
    """Of the templates in that folder, which all can use these names and filters."""
    made = Environment(
        loader=Inlining(folder),
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.template_class = _Template
    made.globals.update(names)
    made.filters.update(filters)
    return made
