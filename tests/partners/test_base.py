"""The values that adapters give: claims that can be stored, refusals that can be shown."""

from webapp.partners import DEFAULT_PARTNER, partner
from webapp.partners.base import KeyClaims, RefusedKey


def test_claims_are_stored_as_plain_json() -> None:
    claims = KeyClaims("key", ("scope",), ("203.0.113.7", "198.51.100.0/24"), "tier", "")
    assert claims.as_json() == {
        "kind": "key",
        "scopes": ["scope"],
        "cidrs": ["203.0.113.7", "198.51.100.0/24"],
        "tier": "tier",
        "issued_at": "",
    }


def test_a_refused_key_says_at_its_field_what_is_wrong_and_what_to_do() -> None:
    refused = RefusedKey("This is a password.", "Paste the token.", code="not_a_token")
    assert refused.errors == {"secret": "This is a password. Paste the token."}
    assert (refused.status, refused.code) == (422, "not_a_token")


def test_the_default_partner_has_an_adapter_with_a_portal() -> None:
    assert partner(DEFAULT_PARTNER).portal_url.startswith("https://")
