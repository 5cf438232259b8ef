"""Content codings: which ones a client takes, and the same bytes in each (RFC 9110, 8.4, 12.5.3).

Bytes are compressed once and sent many times, so it may take longer than it would for each answer.
"""

import gzip
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

import brotli

IDENTITY: Final = ""
COMPRESSED_FROM_BYTES: Final = 700
"""Less than that fits into one packet either way."""
BROTLI_QUALITY: Final = 5
BROTLI_QUALITY_OF_FILES: Final = 11
"""Takes twenty times as long: for what changes with a new version of Egret alone."""
REMEMBERED_MAX: Final = 256

_CODERS: Final[Mapping[str, Callable[[bytes, bool], bytes]]] = {
    "br": lambda body, once: brotli.compress(
        body, quality=BROTLI_QUALITY_OF_FILES if once else BROTLI_QUALITY
    ),
    "gzip": lambda body, _once: gzip.compress(body, mtime=0),
}
"""The best one first."""


class Encoded:
    """A body in each coding that makes it smaller. `is_file`: it is made once for all time."""

    def __init__(self, body: bytes, *, is_file: bool = False) -> None:
        self.bodies = {IDENTITY: body}
        if len(body) >= COMPRESSED_FROM_BYTES:
            made = {name: coder(body, is_file) for name, coder in _CODERS.items()}
            self.bodies |= {name: each for name, each in made.items() if len(each) < len(body)}

    @property
    def size(self) -> int:
        return sum(map(len, self.bodies.values()))

    def best(self, accepted: str) -> str:
        """The coding for a client with this `Accept-Encoding`."""
        return next((name for name in codings(accepted) if name in self.bodies), IDENTITY)


@lru_cache(REMEMBERED_MAX)
def codings(accepted: str) -> tuple[str, ...]:
    """Those of ours that `Accept-Encoding` allows, the best first. Plain bytes are always right."""
    weights = dict(_weighed(part) for part in accepted.split(","))
    rest = weights.get("*", False)
    return tuple(name for name in _CODERS if weights.get(name, rest))


def _weighed(part: str) -> tuple[str, bool]:
    """A coding's name, and whether it is allowed: `gzip;q=0` is not."""
    name, _, parameter = part.partition(";")
    _, _, weight = parameter.partition("=")
    return name.strip().lower(), not weight or weight.strip().strip("0.") != ""
