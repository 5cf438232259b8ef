"""What a key says about itself, and why a text is none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fast import thorough
from tests.partners.json_of_others import JSON
from tests.tokens import encoded, mint
from webapp.partners.clash_of_clans_keys import NoKey, claims_of

CLAIMS = ("scopes", "limits", "iat", "exp", "sub")


def test_a_key_has_scopes_addresses_a_tier_and_a_time() -> None:
    claims = claims_of(mint(cidrs=["203.0.113.7", "198.51.100.0/24"]))
    assert claims.scopes == ("clash",)
    assert claims.cidrs == ("203.0.113.7", "198.51.100.0/24")
    assert claims.tier == "developer/silver"
    assert claims.issued_at == "2021-09-02T16:36:40+00:00"


def test_the_limit_with_addresses_is_found_at_any_position() -> None:
    limits = [{"cidrs": ["203.0.113.8"], "type": "client"}, {"tier": "t", "type": "throttling"}]
    assert claims_of(mint(limits=limits)).cidrs == ("203.0.113.8",)


@pytest.mark.parametrize(
    ("secret", "code", "word"),
    [
        ("", "not_a_jwt", "JWT"),
        ("hello", "not_a_jwt", "JWT"),
        ("a.b.c", "not_a_jwt", "JWT"),
        (f"{encoded([])}.{encoded({})}.x", "not_a_jwt", "JWT"),
        (f"{encoded({'alg': 'x'})}.{encoded({})}.ü", "not_ascii", "ASCII"),
        ("\ud800", "not_ascii", "ASCII"),
        ("x" * (16 * 1024 + 1), "key_too_large", "16 KiB"),
        (mint()[:-30], "cut_off", "last part has 56 characters, a complete key has 86"),
        (mint()[:-1], "cut_off", "last part has 85 characters"),
        (mint()[:-86], "cut_off", "last part has 0 characters"),
        (mint()[:-87], "cut_off", "three parts"),
        (mint()[:20], "cut_off", "three parts"),
        (mint()[:60] + mint()[90:], "cut_off", "second part"),
        (mint()[:-1] + "x", "cut_off", "no key ends with x"),
        (f"{encoded({'alg': 'RS256'})}.{encoded({})}.{'A' * 300}", "cut_off", "key has 342"),
        (mint() + ".txt", "too_long", "4 parts"),
        (mint()[30:], "not_a_jwt", "beginning is missing"),
        (mint() + "x", "too_long", "87 characters"),
        (mint() + mint(), "several_keys", "more than one"),
        (f"{mint()} and {mint(scopes=[])}", "several_keys", "more than one"),
        (mint(scopes=["royale"]), "other_game", "Clash Royale"),
        (mint(scopes=["brawlstars"]), "other_game", "Brawl Stars"),
        (mint(scopes=None), "other_game", "Clash of Clans"),
        (mint(exp=1630604200), "temporary_token", "one-hour"),
        (mint(limits=[{"tier": "t"}]), "no_cidrs", "any addresses"),
        (mint(limits=[{"cidrs": []}]), "no_cidrs", "any addresses"),
        (mint(limits=[{"cidrs": "203.0.113.7"}]), "no_cidrs", "any addresses"),
        (mint(limits=7), "no_cidrs", "any addresses"),
        (mint(scopes=7), "other_game", "Clash of Clans"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_with_the_reason(
    secret: str, code: str, word: str
) -> None:
    with pytest.raises(NoKey) as refusal:
        claims_of(secret)
    assert refusal.value.code == code
    assert word in refusal.value.detail


@pytest.mark.parametrize("iat", [1e18, float("nan"), "yesterday", None, -1e30])
def test_a_time_that_is_not_a_valid_date_is_left_out(iat: Any) -> None:
    assert claims_of(mint(iat=iat)).issued_at == ""


@thorough("hundreds of tokens")
@given(st.dictionaries(st.sampled_from(CLAIMS), JSON))
def test_every_token_is_either_read_or_refused(payload: dict[str, Any]) -> None:
    token = f"{encoded({'alg': 'HS512'})}.{encoded({'scopes': ['clash']} | payload)}.{'A' * 86}"
    try:
        claims = claims_of(token)
    except NoKey:
        return
    assert claims.cidrs
    json.dumps(claims.as_json(), ensure_ascii=False).encode()
