"""Content codings: what a client takes, and what is worth compressing."""

import gzip

import brotli
import pytest

from webapp.hot.encodings import COMPRESSED_FROM_BYTES, Encoded, codings

BODY = b"again and " * 200


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("", ()),
        ("identity", ()),
        ("gzip", ("gzip",)),
        ("gzip, deflate, br, zstd", ("br", "gzip")),
        ("GZIP;q=0.5 , br ; q=0", ("gzip",)),
        ("br;q=0.000,gzip;q=0.001", ("gzip",)),
        ("*", ("br", "gzip")),
        ("*;q=0", ()),
        ("gzip;q=0, *", ("br",)),
        ("x-gzip-like", ()),
    ],
)
def test_codings_are_taken_as_the_client_weighs_them(
    accepted: str, wanted: tuple[str, ...]
) -> None:
    assert codings(accepted) == wanted


@pytest.mark.parametrize("is_file", [True, False])
def test_every_coding_gives_the_same_bytes(is_file: bool) -> None:
    encoded = Encoded(BODY, is_file=is_file)
    assert gzip.decompress(encoded.bodies["gzip"]) == BODY
    assert brotli.decompress(encoded.bodies["br"]) == BODY
    assert encoded.best("gzip, br") == "br"
    assert encoded.best("deflate") == ""


def test_what_does_not_get_smaller_is_sent_as_it_is() -> None:
    for body in (BODY[: COMPRESSED_FROM_BYTES - 1], brotli.compress(bytes(range(256)) * 9) * 50):
        assert Encoded(body).best("identity") == ""
    assert Encoded(BODY[: COMPRESSED_FROM_BYTES - 1]).best("br, gzip") == ""
