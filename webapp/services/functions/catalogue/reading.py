"""Reads a template from its folder: `template.toml`, `handler.py`, `README.md`, `package/`.

Nothing of a folder is run. A folder of a user's own may hold anything, so whatever is wrong with it
becomes one Faulty with the file and, where it is known, the line.
"""

import json
import re
import symtable
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from webapp import partners
from webapp.models.rules import MEMORY_MB, TIMEOUT_S
from webapp.outbound.hosts import is_public_host
from webapp.services.functions.catalogue.code import CannotAssemble, assemble
from webapp.services.functions.catalogue.faults import (
    DESCRIPTION_FILE,
    GUIDE,
    check_description,
    check_settings,
    faulty,
)
from webapp.services.functions.catalogue.files import Files, package_of, text_of
from webapp.services.functions.catalogue.settings import URL_FORMATS, Setting
from webapp.services.functions.catalogue.template import (
    NO_PREVIEW,
    Bounds,
    Cache,
    Template,
)

HANDLER, README = "handler.py", "README.md"
HANDLER_MAX_BYTES = 4 * 1024 * 1024
_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def read(folder: Path, files: Files, *, is_own: bool = False) -> Template:
    """The template in the folder. Raises Faulty."""
    raw = _description(folder, files)
    check_description(raw)
    if raw["name"] != folder.name:
        raise faulty(
            "bad_name",
            f"The name is {raw['name']}, and the folder's is {folder.name}.",
            "A function finds its template by this name.",
            "Make both the same.",
        )
    if raw["partner"] not in partners.known():
        raise faulty(
            "unknown_partner",
            f"There is no adapter for the partner {raw['partner']}.",
            "It explains the partner's errors and reads its answers.",
            f"Use one of: {', '.join(partners.known())}.",
        )
    _check_kinds(raw.get("key_kinds", ()))
    settings = _settings(folder, files, raw.get("settings", {}))
    endpoint = raw.get("endpoint", {})
    _check_origin(raw, settings)
    return Template(
        name=raw["name"],
        title=raw["title"],
        summary=raw["summary"],
        version=raw["version"],
        partner=raw["partner"],
        partner_origin=raw.get("partner_origin", ""),
        origin_setting=raw.get("origin_setting", ""),
        key_kinds=tuple(raw.get("key_kinds", ())),
        image_hosts=tuple(raw.get("image_hosts", ())),
        preview=_preview(raw),
        memory=_bounds("memory_mb", raw.get("memory_mb", {"default": 256}), MEMORY_MB),
        timeout=_bounds("timeout_s", raw.get("timeout_s", {"default": 28}), TIMEOUT_S),
        methods=tuple(endpoint.get("methods", ("GET",))),
        subpaths=endpoint.get("subpaths", False),
        cache=Cache(**raw.get("cache", {})),
        settings=settings,
        handler=_handler(folder, files),
        readme=text_of(folder / README, files) if folder / README in files else "",
        package=package_of(folder, files),
        is_own=is_own,
    )


def _check_kinds(kinds: Iterable[str]) -> None:
    known = [kind.name for kind in partners.KEY_KINDS]
    if unknown := [kind for kind in kinds if kind not in known]:
        raise faulty(
            "unknown_key_kind",
            f"There is no kind of key named {unknown[0]}.",
            "Nobody could make a key that fits.",
            f"Use one or more of: {', '.join(known)}.",
        )


def _preview(raw: Mapping[str, Any]) -> str:
    """The table of answers: the one that is named, the one of the same name, or none."""
    tables = {*partners.partner(raw["partner"]).tables}
    named = str(raw.get("preview", raw["name"] if raw["name"] in tables else NO_PREVIEW))
    if named not in tables | {NO_PREVIEW}:
        raise faulty(
            "unknown_preview",
            f"There is no table named {named} for the partner {raw['partner']}.",
            "Answers are shown in a table made for the partner's rows, or as JSON alone.",
            f"Use one of: {', '.join(sorted(tables | {NO_PREVIEW}))}.",
        )
    return named


def _description(folder: Path, files: Files) -> dict[str, Any]:
    text = text_of(folder / DESCRIPTION_FILE, files)
    try:
        raw = tomllib.loads(text)
        json.dumps(raw, allow_nan=False)
        return raw
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        raise faulty(
            "bad_toml",
            "The file is not valid TOML.",
            f"{_LINE.sub('', str(error)).strip()}.",
            "Correct that line. https://toml.io describes the format.",
            line=int(line[1]) if line else len(text.splitlines()),
        ) from None
    except RecursionError:
        raise faulty(
            "bad_toml", "The file is not valid TOML.", "It is nested too deeply.", GUIDE
        ) from None
    except (TypeError, ValueError):
        raise faulty(
            "bad_value",
            "The file has a date, a time, nan or inf.",
            "The API gives the description as JSON, which has none of these.",
            "Write a date as a text, in quotes, and a number as one.",
        ) from None


def _handler(folder: Path, files: Files) -> str:
    if folder / HANDLER not in files:
        raise faulty(
            "no_handler",
            "There is no handler.py.",
            "It is the code that runs in Lambda.",
            "Add it, with a function handler(event, context).",
            file=HANDLER,
        )
    source = text_of(folder / HANDLER, files, HANDLER_MAX_BYTES)
    try:
        known = symtable.symtable(source, HANDLER, "exec").get_identifiers()
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise faulty(
            "bad_handler",
            "handler.py is not valid Python.",
            f"{getattr(error, 'msg', '') or error}.",
            "Correct it. No function is deployed from it until then.",
            file=HANDLER,
            line=getattr(error, "lineno", None),
        ) from None
    if "handler" not in known:
        raise faulty(
            "no_handler",
            "handler.py has no function named handler.",
            "Lambda calls handler(event, context).",
            "Add that function.",
            file=HANDLER,
        )
    try:
        return assemble(folder / HANDLER)
    except (CannotAssemble, OSError, UnicodeDecodeError) as error:
        raise faulty(
            "bad_handler",
            "handler.py and the shared code that it uses cannot be put together.",
            str(error),
            "Correct it. No function is deployed from it until then.",
            file=HANDLER,
        ) from None


def _settings(folder: Path, files: Files, raw: Mapping[str, Any]) -> tuple[Setting, ...]:
    required = raw.get("required", ())
    with_choices = {
        name: _with_choices(folder, files, f"settings.properties.{name}", schema)
        for name, schema in raw.get("properties", {}).items()
    }
    check_settings(with_choices)
    return tuple(Setting(name, s, name in required) for name, s in with_choices.items())


def _with_choices(folder: Path, files: Files, path: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the choices of its file, as JSON Schema has them."""
    if "choices" not in schema:
        return schema
    file, rest = folder / str(schema["choices"]), {**schema}
    del rest["choices"]
    try:
        listed = json.loads(text_of(file, files))
        choices = [{"const": str(c["value"]), "title": str(c["label"])} for c in listed]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise faulty(
            "bad_choices",
            f"{path}.choices does not name a list of choices.",
            "The file must be JSON.",
            'Write it as [{"value": "1", "label": "One"}, …].',
            file=file.name,
        ) from None
    return rest | {"oneOf": choices}


def _check_origin(raw: Mapping[str, Any], settings: tuple[Setting, ...]) -> None:
    """A template says where it calls: one host, or the setting that has it."""
    origin, name = raw.get("partner_origin", ""), raw.get("origin_setting", "")
    if bool(origin) == bool(name):
        raise faulty(
            "bad_origin",
            f"It has {'both' if origin else 'neither'} partner_origin and origin_setting.",
            "One of them says where the handler calls.",
            'Write partner_origin = "https://api.example.com", or the name of a setting that has '
            "the URL.",
        )
    if origin and not is_public_host(origin.removeprefix("https://")):
        raise faulty(
            "bad_origin",
            f"{origin} is not a public origin.",
            "Functions call partners on the internet, from the network's addresses.",
            "Write it like https://api.example.com, without a path or port.",
        )
    asked = {s.name for s in settings if s.schema.get("format") in URL_FORMATS and s.required}
    if name and name not in asked:
        raise faulty(
            "bad_origin",
            f"origin_setting is {name}, and no required setting of that name is a URL.",
            "The handler would not know where to call.",
            'Describe the setting with format = "uri" or "uri-template", and name it in required.',
        )


def _bounds(name: str, raw: Mapping[str, int], limits: tuple[int, int]) -> Bounds:
    default = raw["default"]
    low = raw.get("minimum", min(limits[0], default))
    bounds = Bounds(default, low, raw.get("maximum", limits[1]))
    if not bounds.minimum <= default <= bounds.maximum:
        raise faulty(
            "bad_value",
            f"{name}.default is not between its minimum and maximum.",
            f"It is {default}, and they are {bounds.minimum} and {bounds.maximum}.",
            "Correct one of the three.",
        )
    return bounds
