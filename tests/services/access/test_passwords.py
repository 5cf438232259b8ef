"""Which passwords are refused, each with the reason."""

import pytest

from webapp.errors import Invalid
from webapp.services.access.passwords import MAX_CHARS, check_password

GOOD = "correct horse battery"


def refusal(password: str, *, name: str = "ada", has_second_factor: bool = False) -> str:
    try:
        check_password(password, name=name, has_second_factor=has_second_factor)
    except Invalid as error:
        assert list(error.errors) == ["password"]
        return error.detail
    return ""


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "Ünïcödé wörds are fine",
        "x9!kQ2vv#Lp0zzT",
        f"{GOOD} 1234",
        "ラグビー選手権大会2027東京の会場",
    ],
)
def test_a_long_password_that_is_not_common_is_accepted(password: str) -> None:
    assert refusal(password) == ""


def test_without_a_second_factor_it_must_be_longer() -> None:
    assert "at least 15 characters" in refusal("k7#Zq!m2Rw")
    assert refusal("k7#Zq!m2Rw", has_second_factor=True) == ""
    assert "at least 10 characters" in refusal("k7#Zq!m2R", has_second_factor=True)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("password123", "is common"),
        ("Password1234567", "is common"),
        ("qwertyuiop12345", "is common"),
        ("letmeinletmeinletmein", "is common"),
        ("P@ssw0rdP@ssw0rd", "is common"),
        (" " * 10, "only blanks"),
        ("\t" * 20, "only blanks"),
        ("a" * 20, "repeats the same few characters"),
        ("abababababababab", "repeats the same few characters"),
        ("Ada.Lovelace.1815", "own name"),
        ("adalovelaceADALOVELACE", "own name"),
        ("Ada.LovelaceAda.Lovelace", "own name"),
    ],
)
def test_what_is_guessed_first_is_refused_with_the_reason(password: str, said: str) -> None:
    assert said in refusal(password, name="ada.lovelace", has_second_factor=True)


def test_a_password_that_is_too_long_is_refused_and_not_cut() -> None:
    sentence = "the quick brown fox and the lazy dog "
    assert refusal((sentence * 20)[:MAX_CHARS]) == ""
    assert "at most 256 characters; this one has 257" in refusal((sentence * 20)[: MAX_CHARS + 1])


def test_a_character_that_cannot_be_shown_is_no_error() -> None:
    assert refusal("\x00\ud800 a long passphrase \u202e") == ""
