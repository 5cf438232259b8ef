"""The fields of a change: whether each keeps its rule, and those that are Egret's own."""

from collections.abc import Sequence
from typing import Any

from webapp.errors import Invalid, check_all
from webapp.models import Function, FunctionChange
from webapp.models.rules import EVERY_MINUTES
from webapp.services import names
from webapp.services.functions import origins
from webapp.services.functions.catalogue.template import Bounds
from webapp.services.functions.catalogue.templates import Template, get_template, validate
from webapp.services.functions.revisions.differences import Difference


def check(function: Function, wanted: FunctionChange) -> None:
    """Raises Invalid with the error of every field that breaks a rule."""
    template = get_template(function.template)

    def of(bounds: Bounds) -> tuple[int, int]:
        return bounds.minimum, bounds.maximum

    every = wanted.schedule.every_minutes if wanted.schedule else None
    check_all(
        lambda: settings_of(template, function.settings, wanted),
        lambda: origins.normalised(wanted.cors_origins or []),
        lambda: names.check_environment(wanted.environment or ""),
        lambda: _check_range("memory_mb", wanted.memory_mb, *of(template.memory)),
        lambda: _check_range("timeout_s", wanted.timeout_s, *of(template.timeout)),
        lambda: _check_range("schedule.every_minutes", every, *EVERY_MINUTES),
        lambda: _check_version(template, wanted),
    )


def label_differences(function: Function, wanted: FunctionChange) -> Sequence[Difference]:
    """What changes at once: the environment and the schedule."""
    found = []
    if wanted.environment is not None and wanted.environment != function.environment:
        found.append(Difference("environment", function.environment, wanted.environment))
    if "schedule" in wanted.model_fields_set and _schedule(wanted) != function.schedule:
        found.append(Difference("schedule", function.schedule, _schedule(wanted)))
    return found


def write_labels(function: Function, wanted: FunctionChange) -> None:
    """Into the row. The caller commits."""
    if wanted.environment is not None:
        function.environment = wanted.environment
    if "schedule" in wanted.model_fields_set:
        function.schedule = _schedule(wanted)


def _schedule(wanted: FunctionChange) -> dict[str, int] | None:
    return wanted.schedule.model_dump() if wanted.schedule else None


def settings_of(
    template: Template, current: dict[str, Any], wanted: FunctionChange
) -> dict[str, Any]:
    """The settings after the change. Raises Invalid with every field's rule.

    Code that stays may read a setting that the template has given up: its value stays as well.
    """
    is_newest = wanted.template_version is not None
    if wanted.settings is None and not is_newest:
        return current
    known = {setting.name for setting in template.settings}
    kept = {name: value for name, value in current.items() if name in known}
    given_up = {name: value for name, value in current.items() if name not in known}
    good = validate(template, merged(kept, wanted.settings or {}))
    return good if is_newest else given_up | good


def within(bounds: Bounds, value: int) -> int:
    """The nearest value that newer code of a template takes."""
    return min(max(value, bounds.minimum), bounds.maximum)


def merged(settings: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The settings with those that are named anew; a form names their parts, with dots."""
    named = {name.partition(".")[0] for name in wanted}
    return {name: value for name, value in settings.items() if name not in named} | wanted


def _check_range(field: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise Invalid(f"Enter a whole number from {least} to {most}.", field=field)


def _check_version(template: Template, wanted: FunctionChange) -> None:
    if wanted.template_version not in (None, template.version):
        raise Invalid(
            f"The template {template.name} has the version {template.version}.",
            remedy="Only the newest version can be deployed; for an earlier one roll back.",
            field="template_version",
        )
