"""Names and other short texts: what is accepted, and the rule where it is not."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.services.rows import a_key, a_network, add, add_function
from webapp.errors import Conflict, Invalid
from webapp.models import Function, Key, Network
from webapp.services import names
from webapp.settings import Settings


@pytest.mark.parametrize("name", ["ab", "egress-1", "a" * 31])
def test_a_name_that_keeps_the_rule_is_given_back(name: str) -> None:
    assert names.check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "a", "A-name", "1st", "-a", "two words", "ümlaut", "a" * 32, "name\n", "new"]
)
def test_any_other_name_is_refused_at_its_field(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        names.check_name(name)
    assert (refused.value.code, list(refused.value.errors)) == ("bad_name", ["name"])


def test_a_networks_tags_must_fit_together_with_those_of_the_settings(settings: Settings) -> None:
    tagged = settings.model_copy(update={"tags": {"team": "pay"}})
    names.check_tags(tagged, {"team": "shop"})
    for tags in ({"Team": "shop"}, {"egret:network": "x"}, {f"t{n}": "x" for n in range(40)}):
        with pytest.raises(Invalid) as refused:
            names.check_tags(tagged, tags)
        assert list(refused.value.errors) == ["tags"]


def test_a_region_is_one_of_the_settings(settings: Settings) -> None:
    assert names.check_region(settings, "eu-central-1") == "eu-central-1"
    with pytest.raises(Invalid, match="not offered here") as refused:
        names.check_region(settings, "us-gov-west-1")
    assert "eu-central-1" in refused.value.remedy


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (names.check_environment, ""),
        (names.check_environment, "prod"),
        (names.check_environment, "e" * 20),
        (names.check_label, "the bank's, 2nd"),
        (names.check_label, "x" * 60),
    ],
)
def test_a_text_that_fits_is_given_back(check: Callable[[str], str], text: str) -> None:
    assert check(text) == text


@pytest.mark.parametrize(
    ("check", "text", "field"),
    [
        (names.check_environment, "Prod", "environment"),
        (names.check_environment, "e" * 21, "environment"),
        (names.check_label, "x" * 61, "name"),
        (names.check_label, "two\nlines", "name"),
    ],
)
def test_a_text_that_does_not_fit_is_refused_at_its_field(
    check: Callable[[str], str], text: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        check(text)
    assert list(refused.value.errors) == [field]


def test_blanks_around_a_label_do_not_count() -> None:
    assert names.check_label("  ours ") == "ours"


@pytest.mark.parametrize(("model", "noun"), [(Network, "network"), (Function, "function")])
def test_a_name_is_free_until_a_row_of_that_kind_has_it(
    session: Session, model: type[Network | Function | Key], noun: str
) -> None:
    names.check_free(session, model, "same")
    add(session, a_network("same")) if model is Network else add_function(session, name="same")
    with pytest.raises(Conflict, match=f"already a {noun} named same") as refused:
        names.check_free(session, model, "same")
    assert list(refused.value.errors) == ["name"]


def test_a_network_and_a_key_may_have_the_same_name(session: Session) -> None:
    add(session, a_network("same"))
    names.check_free(session, Key, "same")
    add(session, a_key("same"))


def test_the_second_of_two_requests_with_one_name_is_refused(
    session: Session, engine: Engine
) -> None:
    with Session(engine) as other:
        add(other, a_network("same"))
    with pytest.raises(Conflict) as refused:
        names.add_named(session, a_network("same"))
    assert refused.value.code == "name_taken"
    assert len(session.exec(select(Network)).all()) == 1


def test_what_cannot_be_undone_needs_its_name_typed_exactly() -> None:
    names.check_typed(" net ", "net", "deleted")
    for typed in ("", "Net", "nett"):
        with pytest.raises(Invalid, match="Nothing was deleted") as refused:
            names.check_typed(typed, "net", "deleted")
        assert list(refused.value.errors) == ["confirm"]
