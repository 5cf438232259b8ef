"""What is read from a partner's answer, whoever the partner is."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """An error in a person's words. `source_address` is the one that the partner named, if any."""

    code: str
    title: str
    detail: str
    what_to_do: str
    source_address: str | None = None
    retry_after_s: int | None = None


def max_age_s(cache_control: str, *, default: int) -> int:
    """Seconds of `max-age`; tolerant, for a space stands where a comma should (RFC 9111)."""
    found = re.search(r"max-age\s*=\s*\"?(\d{1,9})", cache_control, re.IGNORECASE)
    return int(found[1]) if found else default
