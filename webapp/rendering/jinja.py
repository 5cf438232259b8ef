"""Jinja as pages use it. Imported with the first page: see `webapp.rendering.templating`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Macro

from webapp.rendering.inlining import Inlining

PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType})
"""None of ours asks for the context, as a function may by `jinja2.pass_context`."""


class _Template(Template):
    """Imported, it is one module for all pages: none has globals of its own."""

    def _get_default_module(self, ctx: Any = None) -> TemplateModule:  # noqa: ARG002 - Jinja's name
        return super()._get_default_module()


class _Context(Context):
    """Calls macros, and functions that want nothing of the context, without finding that out."""

    def call(self, called: Any, /, *args: Any, **named: Any) -> Any:
        kind = type(called)
        if kind is Macro:
            args = self.eval_ctx, *args
        elif kind not in PLAIN:
            return super().call(called, *args, **named)
        named.pop("_block_vars", None)
        named.pop("_loop_vars", None)
        return called(*args, **named)


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
    made.context_class = _Context
    made.globals.update(names)
    made.filters.update(filters)
    return made
