"""The templates that functions are made from: one folder each under `lambda_templates/`.

A folder is a template when it has a `template.toml` (title, settings with types and limits, where
it calls) beside its `handler.py`.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from webapp.errors import Invalid, NotFound
from webapp.services.functions.catalogue.code import FOLDER, assemble


@dataclass(frozen=True)
class Setting:
    """One thing to choose. `type` is choice or integer; `choices` are (value, label)."""

    name: str
    label: str
    help: str
    type: str
    default: Any
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[tuple[str, str], ...] = ()

    def check(self, value: Any) -> Any:
        """`value` in the setting's type. Raises ValueError with the rule."""
        return self._integer(value) if self.type == "integer" else self._choice(value)

    def _integer(self, value: Any) -> int:
        rule = f"Enter a whole number from {self.minimum} to {self.maximum}."
        try:
            number = int(str(value).strip())
        except ValueError:
            raise ValueError(rule) from None
        if not (self.minimum or 0) <= number <= (self.maximum or number):
            raise ValueError(rule)
        return number

    def _choice(self, value: Any) -> str:
        if str(value) not in {choice for choice, _ in self.choices}:
            raise ValueError("Choose one from the list.")
        return str(value)


@dataclass(frozen=True)
class Template:
    """`partner_origin` is where the handler calls; `image_hosts` whose pictures may be shown.

    `handler` is the code to deploy, with all that it shares.
    """

    name: str
    title: str
    summary: str
    partner: str
    partner_origin: str
    image_hosts: tuple[str, ...]
    memory_mb: int
    timeout_s: int
    settings: tuple[Setting, ...]
    handler: str


@cache
def list_templates() -> tuple[Template, ...]:
    """All templates, by name."""
    return tuple(_read(file.parent) for file in sorted(FOLDER.glob("*/template.toml")))


def get_template(name: str) -> Template:
    for template in list_templates():
        if template.name == name:
            return template
    raise NotFound(f"There is no template named {name!r}.")


def validate(template: Template, values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in their types, defaults filled in. Raises Invalid with every field's rule."""
    good: dict[str, Any] = {}
    errors: dict[str, str] = {}
    known = {setting.name for setting in template.settings}
    for name in set(values) - known:
        errors[f"settings.{name}"] = f"The template {template.name} has no such setting."
    for setting in template.settings:
        try:
            good[setting.name] = setting.check(values.get(setting.name, setting.default))
        except ValueError as error:
            errors[f"settings.{setting.name}"] = str(error)
    if errors:
        raise Invalid("Some settings are not valid.", code="bad_settings", errors=errors)
    return good


def _read(folder: Path) -> Template:
    raw = tomllib.loads((folder / "template.toml").read_text())
    settings = tuple(_setting(folder, setting) for setting in raw.pop("settings", []))
    raw["image_hosts"] = tuple(raw["image_hosts"])
    return Template(**raw, settings=settings, handler=assemble(folder / "handler.py"))


def _setting(folder: Path, raw: dict[str, Any]) -> Setting:
    if "choices" in raw:
        choices = json.loads((folder / raw["choices"]).read_text())
        raw["choices"] = tuple((choice["value"], choice["label"]) for choice in choices)
    return Setting(**raw)
