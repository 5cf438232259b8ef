"""The catalogue: the templates that functions are made from, Egret's own and the user's.

Egret's are one folder each under `lambda_templates/`. The user's are the folders with a
`template.toml` in EGRET_TEMPLATES_DIR; they are read again when a file of theirs changes. The files
are checked every CHECK_S seconds at most, for all pages and functions together. A folder that is
not a valid template is a fault, which the page *Templates* explains.

There is one catalogue in a process, and `use` says which folder it has.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from webapp.errors import Invalid, NotFound
from webapp.partners import partner
from webapp.services.functions.catalogue import settings as rules_of_settings
from webapp.services.functions.catalogue.faults import (
    DESCRIPTION_FILE,
    Fault,
    Faulty,
    faulty,
    within,
)
from webapp.services.functions.catalogue.files import files_of
from webapp.services.functions.catalogue.reading import read
from webapp.services.functions.catalogue.template import Template, missing

FOLDER = Path(__file__).parents[4] / "lambda_templates"
CHECK_S = 2.0
SETTINGS_MAX_BYTES = 3000
"""AWS Lambda accepts 4 KB of environment variables; one of them has the settings."""

__all__ = [
    "Catalogue",
    "Template",
    "catalogue",
    "get_template",
    "list_faults",
    "list_templates",
    "template_of",
    "validate",
]

log = logging.getLogger("egret.templates")


class Catalogue:
    """The templates of `built_in`, and of the folder that `use` names."""

    def __init__(self, built_in: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._own: Path | None = None
        self._checked_at = -CHECK_S
        self._read: dict[Path, tuple[object, Template | Fault]] = {}
        self._faults: tuple[Fault, ...] = ()
        self._folder = built_in
        self._templates: dict[str, Template] = {}

    def use(self, own: Path | None) -> None:
        """Take the user's templates from this folder; None for no folder."""
        with self._lock:
            self._own, self._checked_at = own, self._clock() - CHECK_S

    def templates(self) -> Mapping[str, Template]:
        """By name."""
        self._check()
        return self._templates

    def faults(self) -> tuple[Fault, ...]:
        """Of the user's folders that are not valid templates."""
        self._check()
        return self._faults

    @cached_property
    def _built_in(self) -> dict[str, Template]:
        """Egret's own, which do not change while it runs."""
        folders = [file.parent for file in self._folder.glob(f"*/{DESCRIPTION_FILE}")]
        return {folder.name: read(folder, files_of(folder)) for folder in folders}

    def _check(self) -> None:
        with self._lock:
            if self._clock() - self._checked_at < CHECK_S:
                return
            self._checked_at = self._clock()
            found = self._found()
            own = {t.name: t for t in found if isinstance(t, Template)}
            self._templates = dict(sorted((own | self._built_in).items()))
            faults = tuple(fault for fault in found if isinstance(fault, Fault))
            for fault in set(faults) - set(self._faults):
                log.warning("the template in %s is faulty: %s", fault.folder, fault.what)
            self._faults = faults

    def _found(self) -> list[Template | Fault]:
        if self._own is None:
            return []
        try:
            folders = sorted(f for f in self._own.iterdir() if _may_be_template(f))
        except OSError as error:
            self._read = {}
            return [_no_folder(self._own, error)]
        self._read = {folder: self._one(folder) for folder in folders}
        return [found for _, found in self._read.values()]

    def _one(self, folder: Path) -> tuple[object, Template | Fault]:
        """What is in the folder; read again only if a file has changed."""
        seen: object = None
        try:
            files = files_of(folder)
            seen = {
                path: (about.st_mtime_ns, about.st_size, about.st_ino)
                for path, about in files.items()
            }
            known = self._read.get(folder)
            if known and known[0] == seen:
                return known
            if folder.name in self._built_in:
                raise _name_taken(folder)
            return seen, read(folder, files, is_own=True)
        except Faulty as error:
            return seen, within(error, folder.name)


def list_templates() -> tuple[Template, ...]:
    """All templates, by name."""
    return tuple(catalogue.templates().values())


def list_faults() -> tuple[Fault, ...]:
    """What is wrong with the user's other folders."""
    return catalogue.faults()


def get_template(name: str) -> Template:
    """Raises NotFound."""
    if found := catalogue.templates().get(name):
        return found
    is_faulty = any(fault.folder == name for fault in catalogue.faults())
    why = ", since its folder is faulty" if is_faulty else ""
    raise NotFound(
        f"There is no template named {name!r}{why}.",
        remedy="The page /templates lists all, and what is wrong with others.",
    )


def template_of(name: str) -> Template:
    """The template of a function that exists, or a stand-in where its folder is gone."""
    return catalogue.templates().get(name) or missing(name)


def validate(template: Template, values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in their types, defaults filled in. Raises Invalid with every field's rule."""
    good, errors = rules_of_settings.checked(template.settings, values)
    every = {setting.name: good.get(setting.name) for setting in template.settings}
    errors = errors or partner(template.partner).problems_of(every)
    if errors:
        of_fields = {f"settings.{path}": text for path, text in errors.items()}
        raise Invalid("Some settings are not valid.", code="bad_settings", errors=of_fields)
    size = len(json.dumps(good).encode())
    if size > SETTINGS_MAX_BYTES:
        raise Invalid(
            f"These settings have {size} bytes. A function has room for {SETTINGS_MAX_BYTES}.",
            code="settings_too_large",
            remedy="Use shorter texts or fewer entries, or several functions.",
        )
    return good


def _may_be_template(folder: Path) -> bool:
    """Not what is hidden. What Egret may not look into is a fault of its own."""
    try:
        return not folder.name.startswith(".") and (folder / DESCRIPTION_FILE).exists()
    except OSError:
        return True


def _name_taken(folder: Path) -> Faulty:
    return faulty(
        "name_taken",
        f"Egret itself has a template named {folder.name}.",
        "A function finds its template by this name.",
        "Give the folder and its name in template.toml another name.",
    )


def _no_folder(folder: Path, error: OSError) -> Fault:
    unread = faulty(
        "no_folder",
        "The folder of your templates cannot be read.",
        f"The system says of {folder}: {error.strerror}.",
        "Create it, let Egret's user read it, or set EGRET_TEMPLATES_DIR to another one.",
        file="",
    )
    return within(unread, folder.name)


catalogue = Catalogue(FOLDER)
