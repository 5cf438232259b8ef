"""The catalogue: Egret's templates and the user's, which may change while it runs."""

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.services.functions.catalogue.folders import DESCRIPTION, HANDLER, write_template
from webapp.errors import Invalid, NotFound
from webapp.sandbox.partner.api import KINDS
from webapp.services.functions.catalogue.templates import (
    CHECK_S,
    FOLDER,
    Catalogue,
    Template,
    get_template,
    list_templates,
    template_of,
    validate,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalogue(clock: Clock, tmp_path: Path) -> Catalogue:
    made = Catalogue(FOLDER, clock)
    made.use(tmp_path)
    return made


def test_the_first_template_is_the_clash_of_clans_ranking() -> None:
    template = get_template("clash_rankings")
    by_name = {setting.name: setting for setting in template.settings}
    assert template in list_templates()
    assert len(by_name["location"].choices) == 267
    assert [value for value, _ in by_name["ranking"].choices] == list(KINDS)
    assert dict(by_name["location"].choices)["32000087"] == "France (FR)"
    limit = by_name["limit"]
    assert (limit.minimum, limit.maximum, limit.default) == (1, 200, 10)


def test_settings_that_a_function_has_no_room_for_are_refused() -> None:
    relay = {"url": "https://api.partner.example", "check_path": "/x"}
    validate(get_template("http_relay"), relay | {"paths": ["/a"]})
    paths = ["/" + "a" * 190 + str(number) for number in range(20)]
    with pytest.raises(Invalid, match="A function has room for 3000") as refused:
        validate(get_template("http_relay"), relay | {"paths": paths})
    assert refused.value.code == "settings_too_large"


def test_defaults_are_filled_in_and_numbers_become_numbers() -> None:
    template = get_template("clash_rankings")
    defaults = {"location": "32000006", "ranking": "clans", "limit": 10}
    assert validate(template, {"limit": "25"}) == defaults | {"limit": 25}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"limit": "0"}, "settings.limit"),
        ({"limit": "201"}, "settings.limit"),
        ({"limit": "ten"}, "settings.limit"),
        ({"location": "1"}, "settings.location"),
        ({"colour": "red"}, "settings.colour"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_at_its_field(
    values: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        validate(get_template("clash_rankings"), values)
    assert list(error.value.errors) == [field]


def test_an_unknown_template_is_not_found_and_its_functions_have_a_stand_in() -> None:
    with pytest.raises(NotFound):
        get_template("nothing")
    assert template_of("nothing").is_missing


def test_a_folder_is_picked_up_changed_and_dropped_while_it_runs(
    catalogue: Catalogue, clock: Clock, tmp_path: Path
) -> None:
    before = set(catalogue.templates())
    folder = write_template(tmp_path)
    assert set(catalogue.templates()) == before, "looked at twice within the interval"
    clock.now += CHECK_S
    assert set(catalogue.templates()) - before == {"items"}
    made = catalogue.templates()["items"]
    assert made.is_own
    clock.now += CHECK_S
    assert catalogue.templates()["items"] is made, "read again without a change"
    (folder / "handler.py").write_text(f"{HANDLER}\n")
    clock.now += CHECK_S
    assert catalogue.templates()["items"].handler.endswith(f"{HANDLER}\n")
    (folder / "template.toml").unlink()
    clock.now += CHECK_S
    assert set(catalogue.templates()) == before


def test_a_faulty_folder_stops_no_other(catalogue: Catalogue, tmp_path: Path) -> None:
    write_template(tmp_path)
    write_template(tmp_path, "broken", handler="def")
    write_template(tmp_path, "clash_rankings")
    (tmp_path / "no-template").mkdir()
    assert "items" in catalogue.templates()
    assert not catalogue.templates()["clash_rankings"].is_own
    assert {fault.folder: fault.code for fault in catalogue.faults()} == {
        "broken": "bad_handler",
        "clash_rankings": "name_taken",
    }


def test_a_folder_that_is_hidden_is_none_and_one_with_an_odd_name_is_told(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    write_template(tmp_path, ".trash")
    write_template(tmp_path)
    (tmp_path / "items").rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    assert [(fault.folder, fault.code) for fault in catalogue.faults()] == [("?", "bad_name")]
    assert all(text.encode() for text in vars(catalogue.faults()[0]).values() if text)


@pytest.mark.parametrize("template", list_templates(), ids=lambda template: str(template.name))
def test_the_schema_of_each_template_is_json_schema(template: Template) -> None:
    Draft202012Validator.check_schema(json.loads(json.dumps(template.settings_schema)))


OTHER_MEANINGS = """
[settings.properties.url]
type = "string"
format = "uri-template"
default = "https://a.example/{x}"
[settings.properties.check_path]
type = "boolean"
default = true
[settings.properties.headers]
type = "array"
items = {type = "string"}
default = ["Cookie"]
"""


@pytest.mark.parametrize("parameters", ["", "[settings.properties.parameters]\ntype = 'integer'\n"])
def test_settings_of_ones_own_may_have_the_names_of_egrets(
    catalogue: Catalogue, tmp_path: Path, parameters: str
) -> None:
    description = DESCRIPTION.replace("clash_of_clans", "generic") + OTHER_MEANINGS + parameters
    write_template(tmp_path, description=description)
    given = {"parameters": 3} if parameters else {}
    assert validate(catalogue.templates()["items"], given)["headers"] == ["Cookie"]


def test_a_fault_goes_with_its_cause(catalogue: Catalogue, clock: Clock, tmp_path: Path) -> None:
    folder = write_template(tmp_path, handler="def")
    assert [fault.line for fault in catalogue.faults()] == [1]
    (folder / "handler.py").write_text(HANDLER)
    clock.now += CHECK_S
    assert not catalogue.faults()
    assert "items" in catalogue.templates()


def test_a_folder_that_is_not_there_is_a_fault(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.use(tmp_path / "later")
    (fault,) = catalogue.faults()
    assert (fault.code, fault.folder) == ("no_folder", "later")
    assert "EGRET_TEMPLATES_DIR" in fault.remedy
    assert "clash_rankings" in catalogue.templates()
