"""Opaque keys as people paste them, and texts that are none."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.partners.opaque_key import (
    KEY_MAX_BYTES,
    PASTED_MAX_CHARS,
    NoKey,
    check,
    unwrapped,
)

KEY = "sk_live_4f9A.b-c~d+e/f=="
VISIBLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\"'`{")


def taken_from(text: str, sent_by: str = "bearer", sent_as: str = "") -> str:
    return unwrapped(text, sent_by=sent_by, sent_as=sent_as)


@pytest.mark.parametrize(
    "text",
    [
        f"{KEY}\n",
        f"\ufeff  {KEY}\r\n\r\n",
        f'"{KEY}"',
        f"'{KEY}',",
        f"Bearer {KEY}",
        f"bearer  {KEY}",
        f"Authorization: Bearer {KEY}",
        f'"Authorization: Bearer {KEY}"',
        f"BANK_API_KEY={KEY}",
        f'export BANK_TOKEN="{KEY}"',
        f"$env:BANK_SECRET = '{KEY}'",
        f"API_KEY: {KEY}",
        f'{{"access_token": "{KEY}"}}',
        f'{{"header": "Bearer {KEY}"}}',
    ],
)
def test_what_is_pasted_around_a_key_is_taken_off(text: str) -> None:
    assert taken_from(text) == KEY
    check(KEY, sent_by="bearer")


def test_a_long_text_is_judged_quickly() -> None:
    began = time.perf_counter()
    assert taken_from("KEY" * (PASTED_MAX_CHARS // 3))
    assert time.perf_counter() - began < 0.2


def test_the_name_that_it_is_sent_by_is_taken_off() -> None:
    assert taken_from(f"x-api-key: {KEY}", "header", "X-Api-Key") == KEY
    assert taken_from(f"?api_key={KEY}", "query", "api_key") == KEY
    assert taken_from(f"api_key={KEY}", "query", "api_key") == KEY
    assert taken_from(f"apikey={KEY}", "query", "api_key") == f"apikey={KEY}"


def test_a_scheme_stays_where_the_header_is_authorization() -> None:
    for text in (f"Bearer {KEY}", f"Authorization: Bearer {KEY}"):
        assert taken_from(text, "header", "Authorization") == f"Bearer {KEY}"
    check(f"Basic {KEY}", sent_by="header")


@given(st.text(VISIBLE, min_size=8, max_size=60))
def test_any_visible_text_stays_as_it_is_or_loses_a_known_name(text: str) -> None:
    kept = taken_from(text, "query", "key")
    assert text.endswith(kept)
    assert kept == text or "=" in text or ":" in text or "," in text or ";" in text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_key"),
        ('""', "no_key"),
        ("short", "too_short"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "pem"),
        ('{"access_token": "abcdefgh", "expires_in": 3600}', "json"),
        ("a" * (KEY_MAX_BYTES + 1), "key_too_large"),
        ("a" * (PASTED_MAX_CHARS + 1), "key_too_large"),
        ("first_key_1234\nsecond_key_1234", "several_lines"),
        ("sk_live_ключ1234", "not_ascii"),
        ("sk_live_\x00_1234", "not_ascii"),
        ("sk_live_••••1234", "not_ascii"),
        ("sk_live_****1234", "hidden"),
        ("<your key here>", "hidden"),
        ("${BANK_API_KEY}", "hidden"),
        ("YOUR_API_KEY", "hidden"),
        ("my key is abcdefgh", "has_space"),
        ("Token abcdefgh", "has_space"),
    ],
)
def test_a_text_that_is_no_key_is_refused_with_the_reason(text: str, code: str) -> None:
    with pytest.raises(NoKey) as refused:
        check(taken_from(text), sent_by="bearer")
    assert refused.value.code == code
    assert not text or text not in refused.value.detail
