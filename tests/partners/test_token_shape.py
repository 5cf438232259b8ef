"""Whether a token is whole, as far as that shows from outside."""

import base64

import pytest

from tests.tokens import encoded, mint
from webapp.partners.token_shape import decoded, ends_well, is_beginning, is_whole, signature_chars


def signed(algorithm: str, signature_bytes: int) -> str:
    signature = base64.urlsafe_b64encode((bytes(range(256)) * 2)[:signature_bytes])
    return f"{encoded({'alg': algorithm})}.{encoded({})}.{signature.decode().rstrip('=')}"


@pytest.mark.parametrize(
    ("algorithm", "signature_bytes"),
    [
        ("HS256", 32),
        ("HS384", 48),
        ("HS512", 64),
        ("ES256", 64),
        ("ES384", 96),
        ("ES512", 132),
        ("EdDSA", 64),
        ("RS256", 256),
        ("RS512", 384),
        ("PS384", 512),
    ],
)
def test_a_token_is_whole_when_its_signature_is_as_long_as_its_algorithm_makes_it(
    algorithm: str, signature_bytes: int
) -> None:
    token = signed(algorithm, signature_bytes)
    assert is_whole(token)
    for chars in range(1, 43):
        assert not is_whole(token[:-chars])
    assert not is_whole(f"{token}A")
    assert not is_whole(f"{token}.A")


def test_of_an_unknown_algorithm_nothing_is_known() -> None:
    for algorithm in ("none", "HS1", ["HS512"], None):
        token = f"{encoded({'alg': algorithm})}.{encoded({})}.{'A' * 86}"
        assert signature_chars(token) == ()
        assert not is_whole(token)


@pytest.mark.parametrize(("last", "well"), [("A", True), ("Q", True), ("g", True), ("x", False)])
def test_the_last_character_of_64_bytes_is_one_of_four(last: str, *, well: bool) -> None:
    assert ends_well(f"{'A' * 85}{last}") is well


def test_a_piece_is_a_beginning_when_it_starts_a_header() -> None:
    token = mint()
    for piece in (token, token[:-5], token[:60], token[:20]):
        assert is_beginning(piece)
    for piece in (token.partition(".")[2], "eyJust", "eyJust.kidding", token[3:]):
        assert not is_beginning(piece)


@pytest.mark.parametrize("part", ["", "!", "eyJ", encoded([]), "\ud800", "A" * 5])
def test_what_is_no_object_is_none(part: str) -> None:
    assert decoded(part) is None
