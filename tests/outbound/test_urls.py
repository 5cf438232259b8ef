"""A URL is called only if all programs read it alike."""

import pytest

from webapp.errors import Invalid
from webapp.outbound.urls import URL_MAX_CHARS, read_url

HOST = "api.example.com"
HOSTILE = [
    "",
    "api.example.com/",
    "//api.example.com/",
    "https:api.example.com",
    "https:/api.example.com",
    "https:///api.example.com",
    "HTTPS://api.example.com/",
    " https://api.example.com/",
    "https://api.example.com/ ",
    "https://api.example.com/\n",
    "https://api.example.com/\r\nHost: evil.example",
    "ht\ttps://api.example.com/",
    "https://api.example\t.com/",
    "http://api.example.com/",
    "ftp://api.example.com/",
    "file:///etc/passwd",
    "gopher://api.example.com:70/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "https://user@api.example.com/",
    "https://user:password@api.example.com/",
    "https://api.example.com@evil.example/",
    "https://api.example.com%40evil.example/",
    "https://evil.example#@api.example.com/",
    "https://evil.example\\@api.example.com/",
    "https://api.example.com\\.evil.example/",
    "https://api.example.com:80/",
    "https://api.example.com:8443/",
    "https://api.example.com:0443/",
    "https://api.example.com:/",
    "https://api.example.com:443:80/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://[::1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[fe80::1%25eth0]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://localhost/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://api.example.com./",
    "https://api..example.com/",
    "https://\u0430pi.example.com/",
    "https://api。example。com/",
    "https://ⓐpi.example.com/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://api.example.com\x00.evil.example/",
    "https://api.example.com/\x00",
    "https://api.example.com/\ud800",
    "https://api.example.com/a b",
    "https://api.example.com/%",
    "https://api.example.com/%zz",
    "https://api.example.com/../admin",
    "https://api.example.com/a/./b",
    "https://api.example.com/a/%2e%2E/b",
    "https://api.example.com/a%2f..%2fb",
    "https://api.example.com/a%5c..%5cb",
    "https://api.example.com/a\\b",
    "https://api.example.com/#fragment",
    "https://api.example.com/?a=<b>",
    f"https://api.example.com/{'x' * URL_MAX_CHARS}",
]


def test_at_least_forty_hostile_urls_are_tried() -> None:
    assert len(set(HOSTILE)) >= 40


def test_a_hostile_url_is_refused_without_being_quoted() -> None:
    for url in HOSTILE:
        with pytest.raises(Invalid) as refused:
            read_url(url)
        assert refused.value.code == "url_not_allowed"
        assert not url.strip() or url not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (f"https://{HOST}", "/"),
        (f"https://{HOST}:443/", "/"),
        ("https://API.example.com/a/b.png", "/a/b.png"),
        (f"https://{HOST}/a%20b/...?x=1&y=/z?", "/a%20b/...?x=1&y=/z?"),
        (f"https://{HOST}?x=%E2%82%AC", "/?x=%E2%82%AC"),
    ],
)
def test_a_plain_url_is_taken_apart(url: str, target: str) -> None:
    read = read_url(url)
    assert (read.host, read.target, read.origin) == (HOST, target, f"https://{HOST}")
