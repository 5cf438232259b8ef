"""Reading a folder: a template, or the one fault that says what is wrong and what to do."""

from pathlib import Path
from typing import Any

import pytest

from tests.services.functions.catalogue.folders import (
    ALL_TYPES,
    DESCRIPTION,
    HANDLER,
    write_template,
)
from webapp.services.functions.catalogue.faults import Fault, Faulty
from webapp.services.functions.catalogue.files import files_of
from webapp.services.functions.catalogue.reading import read
from webapp.services.functions.catalogue.template import Bounds, Cache


def fault_in(folder: Path) -> Fault:
    with pytest.raises(Faulty) as error:
        read(folder, files_of(folder))
    return error.value.fault


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    folder = write_template(tmp_path)
    template = read(folder, files_of(folder))
    assert (template.memory, template.timeout) == (Bounds(256, 128, 10_240), Bounds(28, 1, 29))
    assert (template.methods, template.subpaths, template.cache) == (("GET",), False, Cache())
    assert (template.preview, template.key_kinds, template.package) == ("none", (), None)


def test_everything_can_be_said(tmp_path: Path) -> None:
    more = """
    key_kinds = ["bearer"]
    image_hosts = ["images.example.com"]
    preview = "clash_rankings"
    memory_mb = {default = 512, maximum = 1024}
    timeout_s = {default = 10, minimum = 5, maximum = 20}
    endpoint = {methods = ["GET", "POST"], subpaths = true}
    cache = {default_s = 0, max_s = 0}
    """
    folder = write_template(tmp_path, description=DESCRIPTION + more + ALL_TYPES)
    (folder / "README.md").write_text("# Items")
    (folder / "package").mkdir()
    (folder / "package" / "six.py").write_text("x = 1\n")
    template = read(folder, files_of(folder), is_own=True)
    assert template.memory == Bounds(512, 128, 1024)
    assert (template.methods, template.subpaths) == (("GET", "POST"), True)
    assert (template.preview, template.readme, template.is_own) == (
        "clash_rankings",
        "# Items",
        True,
    )
    assert template.package is not None
    assert template.package.files == ("six.py",)


SETTING = '[settings.properties.a]\ntype = "string"\n'
BY_SETTING = DESCRIPTION.replace(
    'partner_origin = "https://api.example.com"', 'origin_setting = "url"'
)


@pytest.mark.parametrize(
    ("changed", "code", "what", "line"),
    [
        ({"description": DESCRIPTION + "title = 'again'\n"}, "bad_toml", "not valid TOML", 8),
        ({"description": DESCRIPTION + "a = ["}, "bad_toml", "not valid TOML", 8),
        ({"description": DESCRIPTION + "memory = 1\n"}, "unknown_key", "memory is not a key", None),
        ({"description": DESCRIPTION.replace("title", "#")}, "missing_key", "title", None),
        ({"description": 'name = "other"\n' + DESCRIPTION}, "bad_name", "other", None),
        ({"description": 'name = "Bad Name"\n' + DESCRIPTION}, "bad_value", "name", None),
        ({"description": DESCRIPTION.replace("clash_of_clans", "x")}, "unknown_partner", "x", None),
        ({"description": DESCRIPTION + "preview = 'x'\n"}, "unknown_preview", "x", None),
        ({"description": DESCRIPTION + "preview = 'http_json'\n"}, "unknown_preview", "h", None),
        (
            {"description": DESCRIPTION.replace("https://api.example.com", "https://10.0.0.1")},
            "bad_origin",
            "https://10.0.0.1 is not a public origin",
            None,
        ),
        ({"description": DESCRIPTION + "key_kinds = ['x']\n"}, "unknown_key_kind", "x", None),
        ({"description": f"{DESCRIPTION}{SETTING}default = 2026-01-01"}, "bad_value", "date", None),
        ({"description": f"{DESCRIPTION}{SETTING}examples = [inf]"}, "bad_value", "inf", None),
        ({"description": BY_SETTING}, "bad_origin", "no required setting", None),
        (
            {"description": DESCRIPTION + "origin_setting = 'url'\n"},
            "bad_origin",
            "both partner_origin and origin_setting",
            None,
        ),
        (
            {"description": DESCRIPTION + "image_hosts = ['https://a.example']\n"},
            "bad_image_host",
            "image_hosts.0",
            None,
        ),
        (
            {"description": DESCRIPTION + "timeout_s = {default = 60}\n"},
            "bad_timeout",
            "timeout_s.default is not between 1 and 29 seconds",
            None,
        ),
        (
            {"description": DESCRIPTION + "memory_mb = {default = 256, maximum = 128}\n"},
            "bad_value",
            "memory_mb.default",
            None,
        ),
        ({"handler": "def handler(event, context)\n"}, "bad_handler", "not valid Python", 1),
        ({"handler": "x = 1\n"}, "no_handler", "no function named handler", None),
    ],
)
def test_each_fault_is_explained(
    tmp_path: Path, changed: dict[str, Any], code: str, what: str, line: int | None
) -> None:
    fault = fault_in(write_template(tmp_path, **changed))
    assert (fault.code, fault.line) == (code, line)
    assert what in fault.what
    assert fault.why
    assert fault.remedy.endswith((".", ".com.", "…]."))


def test_a_missing_or_unreadable_handler_is_a_fault(tmp_path: Path) -> None:
    folder = write_template(tmp_path)
    (folder / "handler.py").write_bytes(b"\xff\xfe")
    assert fault_in(folder).code == "bad_text"
    (folder / "handler.py").unlink()
    assert (fault_in(folder).code, fault_in(folder).file) == ("no_handler", "handler.py")


def test_a_handler_may_be_imported_or_assigned(tmp_path: Path) -> None:
    for source in ("from os import path as handler\n", "handler = print\n", HANDLER):
        folder = write_template(tmp_path, handler=source)
        assert read(folder, files_of(folder)).handler.endswith(source)


def test_the_code_of_a_folder_is_not_run(tmp_path: Path) -> None:
    folder = write_template(tmp_path, handler=f"raise SystemExit\n{HANDLER}")
    assert (
        read(folder, files_of(folder))
        .handler.removeprefix("# items/handler.py\n")
        .startswith("raise SystemExit")
    )


def test_choices_may_come_from_a_file(tmp_path: Path) -> None:
    setting = '[settings.properties.place]\ntype = "string"\nchoices = "places.json"\n'
    folder = write_template(tmp_path, description=DESCRIPTION + setting)
    assert fault_in(folder).code == "no_file"
    (folder / "places.json").write_text('{"a": 1}')
    assert fault_in(folder).code == "bad_choices"
    (folder / "places.json").write_text('[{"value": 1, "label": "One"}]')
    (place,) = read(folder, files_of(folder)).settings
    assert (place.type, place.choices) == ("choice", (("1", "One"),))
    assert place.schema["oneOf"] == [{"const": "1", "title": "One"}]
