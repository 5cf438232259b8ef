"""How two revisions differ: what a person chose, field by field, and the code as a diff."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from webapp.models import FunctionRevision
from webapp.services.functions.catalogue.templates import template_of

FIELDS = (
    "template_version",
    "network",
    "key",
    "key_version",
    "access",
    "cors_origins",
    "memory_mb",
    "timeout_s",
)
LABELS = {
    "template_version": "Template version",
    "network": "Network",
    "key": "Key",
    "key_version": "Key version",
    "access": "Access",
    "cors_origins": "Allowed origins",
    "memory_mb": "Memory (MB)",
    "timeout_s": "Time-out (s)",
    "environment": "Environment",
    "schedule": "Schedule",
    "code": "Code",
}


@dataclass(frozen=True)
class Difference:
    """`field` as the API names it, such as `settings.limit`; `title` is that of a setting."""

    field: str
    before: Any
    after: Any
    title: str = ""

    @property
    def label(self) -> str:
        return self.title or LABELS[self.field]


def between(old: FunctionRevision, new: FunctionRevision) -> list[Difference]:
    """What `new` has that `old` has not. Of the code, whose text is long, the hash."""
    every = [Difference(name, getattr(old, name), getattr(new, name)) for name in FIELDS]
    titles = {setting.name: setting.label for setting in template_of(new.template).settings}
    for name in sorted(old.settings.keys() | new.settings.keys()):
        values = old.settings.get(name), new.settings.get(name)
        every.append(Difference(f"settings.{name}", *values, title=titles.get(name, name)))
    every.append(Difference("code", old.code_hash, new.code_hash))
    return [each for each in every if each.before != each.after]


def chosen(differences: Iterable[Difference]) -> list[Difference]:
    """Without what follows from time alone: the version that the key happens to have."""
    return [each for each in differences if each.field != "key_version"]


def code_diff(old: FunctionRevision, new: FunctionRevision) -> str:
    """A unified diff of the code; '' where it is the same, or was not kept."""
    if not (old.code and new.code):
        return ""
    lines = difflib.unified_diff(
        old.code.splitlines(),
        new.code.splitlines(),
        f"revision {old.number}",
        f"revision {new.number}",
        lineterm="",
    )
    return "\n".join(lines)
