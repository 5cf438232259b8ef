"""How long a partner's response may be cached."""

import re


def max_age_s(cache_control: str, *, default: int) -> int:
    """Seconds of `max-age` in a Cache-Control header (RFC 9111), 0 for `no-store`, or `default`.

    Some partners separate directives with a space where the RFC wants a comma.
    """
    if re.search(r"\bno-(store|cache)\b", cache_control, re.IGNORECASE):
        return 0
    found = re.search(r"max-age\s*=\s*\"?(\d{1,9})", cache_control, re.IGNORECASE)
    return int(found[1]) if found else default
