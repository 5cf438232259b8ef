"""What headers and refusals in front of a partner mean, whoever the partner is."""

from webapp.partners.answers import THROTTLE_WAIT_S, header, refused_in_front, retry_after_s


def test_a_header_is_found_in_any_case_without_blanks() -> None:
    assert header({"RETRY-After": " 7 "}, "retry-after") == "7"
    assert header({}, "retry-after") == ""


def test_only_seconds_of_retry_after_count() -> None:
    assert retry_after_s(503, {"Retry-After": "7"}) == 7
    assert retry_after_s(503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}) is None
    assert retry_after_s(429, {}) == THROTTLE_WAIT_S


def test_a_refusal_in_front_says_which_address_to_give_to_the_partner() -> None:
    assert "203.0.113.7" in refused_in_front(403, {"x-egress-ip": "203.0.113.7"}).what_to_do
    assert "of the network" in refused_in_front(403, {}).what_to_do
