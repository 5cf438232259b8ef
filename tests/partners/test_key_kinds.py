"""Names of headers and query parameters that a key may be sent by."""

import pytest

from webapp.errors import Invalid
from webapp.partners import DEFAULT_PARTNER, KEY_KINDS, key_kind, kind_of, partner
from webapp.partners.key_kinds import NAME_MAX_CHARS, checked_name


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("header", " X-Api-Key "),
        ("header", "Authorization"),
        ("header", "x_token"),
        ("query", "api_key"),
        ("query", "auth[token]"),
        ("bearer", ""),
    ],
)
def test_the_names_that_partners_use_are_taken(kind: str, name: str) -> None:
    assert checked_name(key_kind(kind), name) == name.strip()


@pytest.mark.parametrize(
    ("kind", "name", "why"),
    [
        ("header", "", "Enter the name of the header"),
        ("query", "", "Enter the name of the query parameter"),
        ("header", "X-Api-Key:", "not the name of a header"),
        ("header", "X Key", "not the name of a header"),
        ("header", "X-Kéy", "not the name of a header"),
        ("header", "a\r\nHost: b", "not the name of a header"),
        ("header", "content-length", "HTTP itself uses the header"),
        ("header", "Host", "HTTP itself uses the header"),
        ("header", "Transfer-Encoding", "HTTP itself uses the header"),
        ("header", "X-Forwarded-For", "HTTP itself uses the header"),
        ("header", "X-Sandbox-Source-Address", "HTTP itself uses the header"),
        ("query", "?key", "not the name of a query parameter"),
        ("query", "a=b", "not the name of a query parameter"),
        ("query", "a&b", "not the name of a query parameter"),
        ("header", "x" * (NAME_MAX_CHARS + 1), "at most 64"),
        ("bearer", "X-Api-Key", "without a name"),
    ],
)
def test_a_name_that_would_break_a_request_is_refused(kind: str, name: str, why: str) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        checked_name(key_kind(kind), name)
    assert set(refused.value.errors) == {"sent_as"}


def test_without_a_kind_the_first_one_is_meant_and_an_unknown_one_is_refused() -> None:
    assert key_kind("").name == key_kind(DEFAULT_PARTNER).name == DEFAULT_PARTNER
    with pytest.raises(Invalid, match="bearer, header, query"):
        key_kind("cookie")


def test_a_stored_key_has_the_kind_that_it_was_made_with() -> None:
    for kind in KEY_KINDS:
        assert kind_of(kind.partner, kind.sent_by) == kind
        assert partner(kind.partner).keys_name_addresses is (kind.name == DEFAULT_PARTNER)
