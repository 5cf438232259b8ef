"""Templates: read from their folders, and settings checked against them."""

import pytest

from webapp.errors import Invalid, NotFound
from webapp.sandbox.partner.api import KINDS
from webapp.services.functions.catalogue.templates import get_template, list_templates, validate


def test_the_first_template_is_the_clash_of_clans_ranking() -> None:
    template = get_template("clash_rankings")
    location, ranking, limit = template.settings
    assert template in list_templates()
    assert len(location.choices) == 267
    assert [value for value, _ in ranking.choices] == list(KINDS)
    assert dict(location.choices)["32000087"] == "France (FR)"
    assert (limit.minimum, limit.maximum, limit.default) == (1, 200, 10)


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


def test_an_unknown_template_is_not_found() -> None:
    with pytest.raises(NotFound):
        get_template("nothing")
