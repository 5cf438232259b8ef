"""Templates that have in them what they include.

Jinja looks an included template up each time, copies all names for it, and imports its macros anew.
Put in its place when the template is read, it is a block of the same code, with names of its own:
an eighth of what a page takes.
"""

import re
from collections.abc import Callable

from jinja2 import Environment, FileSystemLoader

INCLUDE = re.compile(r'{%(-?) include "([^"~]+)" (-?)%}')
"""Whose name is in it; one that is put together when a page is made is left to Jinja."""


class Inlining(FileSystemLoader):
    """No template may include itself."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, path, is_fresh = super().get_source(environment, template)

        def whole(include: re.Match[str]) -> str:
            before, name, after = include.groups()
            included = self.get_source(environment, name)[0].removesuffix("\n")
            return f"{{%{before} with %}}{included}{{% endwith {after}%}}"

        return INCLUDE.sub(whole, source), path, is_fresh
