"""Origins are stored as browsers send them, and none is dropped without a word."""

import pytest

from webapp.errors import Invalid
from webapp.services.functions.origins import normalised


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://example.com", "https://example.com"),
        ("  https://example.com/ ", "https://example.com"),
        ("HTTPS://Example.COM:443", "https://example.com"),
        ("http://example.com:80/", "http://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("https://example.com:08443", "https://example.com:8443"),
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        ("https://faß.de", "https://xn--fa-hia.de"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[0:0::1]:3000", "http://[::1]:3000"),
        (f"https://{'a.' * 126}b", f"https://{'a.' * 126}b"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(typed: str, stored: str) -> None:
    assert normalised([typed]) == [stored]
    assert normalised([stored]) == [stored]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "null",
        "*",
        "https://*.example.com",
        "example.com",
        "ftp://example.com",
        "file:///index.html",
        "https://",
        "https:example.com",
        "https:\\\\example.com",
        "https://example.com/path",
        "https://example.com//",
        "https://example.com?x",
        "https://example.com#x",
        "https://ada@example.com",
        "https://exam ple.com",
        "https://example.com:99999",
        "https://a'b.example",
        "https://a,b.example",
        "https://%65xample.com",
        f"https://{'a' * 64}.example",
        f"https://{'a.' * 126}example",
    ],
)
def test_what_no_browser_sends_as_an_origin_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="is not an origin") as refused:
        normalised([typed])
    assert list(refused.value.errors) == ["cors_origins"]


def test_the_same_origin_in_two_spellings_is_one() -> None:
    assert normalised(["https://example.com", "HTTPS://example.com:443/"]) == [
        "https://example.com"
    ]


def test_more_origins_than_work_are_refused_and_named() -> None:
    with pytest.raises(Invalid, match="Only one origin") as refused:
        normalised(["https://a.example", "https://b.example"])
    assert "https://b.example" in refused.value.errors["cors_origins"]
