"""How long an answer may be cached, by headers as partners really send them."""

import pytest

from webapp.partners.cache_control import max_age_s


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=60", 60),
        ("public max-age=600", 600),
        ("no-store, max-age=9", 0),
        ('max-age="5"', 5),
        ("", 9),
    ],
)
def test_max_age_is_read_from_headers_as_partners_send_them(header: str, seconds: int) -> None:
    assert max_age_s(header, default=9) == seconds
