"""A template: where its functions call, and what their pages show."""

from pathlib import Path

from tests.services.functions.catalogue.folders import ALL_TYPES, DESCRIPTION, write_template
from webapp.services.functions.catalogue.files import files_of
from webapp.services.functions.catalogue.reading import read
from webapp.services.functions.catalogue.template import missing
from webapp.services.functions.catalogue.templates import get_template

BY_SETTING = DESCRIPTION.replace(
    'partner_origin = "https://api.example.com"', 'origin_setting = "url"'
)


def test_it_calls_one_host_or_that_of_a_setting(tmp_path: Path) -> None:
    assert get_template("clash_rankings").origin({}) == "https://api.clashofclans.com"
    folder = write_template(tmp_path, description=BY_SETTING + ALL_TYPES)
    template = read(folder, files_of(folder))
    settings = {"url": "https://API.example.org:443/v1/{id}?q=1"}
    assert template.origin(settings) == "https://api.example.org"
    assert template.origin_label == "Address"


def test_settings_are_shown_by_label_and_those_that_it_no_longer_has_by_name() -> None:
    values = {"limit": 10, "location": "32000087", "gone": True}
    assert get_template("clash_rankings").shown(values) == [
        ("Location", "France (FR)"),
        ("Ranking", "Clans"),
        ("How many rows", "10"),
        ("gone", "yes"),
    ]


def test_one_that_is_gone_still_has_a_name_and_shows_the_settings() -> None:
    template = missing("gone")
    assert template.is_missing
    assert (template.title, template.preview) == ("gone", "none")
    assert template.partner == "generic", "nothing is known of the partner either"
    assert template.shown({"limit": 10}) == [("limit", "10")]
