"""How two revisions differ: field by field, and the code as a diff."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from webapp.models import FunctionRevision
from webapp.services.functions.catalogue.settings import Setting
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
    "schedule": "Fetch schedule",
    "code": "Code",
}


@dataclass(frozen=True)
class Difference:
    """`field` as the API names it, such as `settings.limit`, which has its `setting` too."""

    field: str
    before: Any
    after: Any
    setting: Setting | None = None

    @property
    def label(self) -> str:
        return self.setting.label if self.setting else LABELS[self.field]


def between(old: FunctionRevision, new: FunctionRevision) -> list[Difference]:
    """The fields in which `new` differs from `old`. Of the code, whose text is long, the hash."""
    every = [Difference(name, getattr(old, name), getattr(new, name)) for name in FIELDS]
    known = {setting.name: setting for setting in template_of(new.template).settings}
    for name in sorted(old.settings.keys() | new.settings.keys()):
        values = old.settings.get(name), new.settings.get(name)
        setting = known.get(name) or Setting(name, {})
        every.append(Difference(f"settings.{name}", *values, setting))
    every.append(Difference("code", old.code_hash, new.code_hash))
    return [each for each in every if each.before != each.after]


def chosen(differences: Iterable[Difference]) -> list[Difference]:
    """Without the key's version, which changes by itself when a key is rotated."""
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
