"""What answers of any partner mean: problems of the handler, waiting, firewalls in front."""

import re
from collections.abc import Mapping

from webapp.partners.base import REFUSED_BEFORE_KEY, Explanation

THROTTLE_WAIT_S = 60
HANDLER_STATUS = (502, 504)
CHECK_THE_PATH = "Try again. If it happens again, open the diagnosis of the function's egress path."
HANDLER_CODES = {
    "partner_timeout": ("The partner did not answer in time", CHECK_THE_PATH),
    "partner_unreachable": ("The partner could not be reached", CHECK_THE_PATH),
    "partner_incomplete": ("The partner's answer broke off", "Try again in a minute."),
    "partner_redirect": (
        "The partner answered with a redirect",
        "The function does not follow redirects, because they could send the key to another host. "
        "Ask the partner whether its API has moved.",
    ),
    "partner_shows_key": (
        "The partner's answer contains the key",
        "The answer was not kept. Ask the partner why its API answers with the key.",
    ),
    "partner_too_large": ("The partner's answer is too large", "Ask for fewer rows."),
    "key_unreadable": (
        "The function could not read its key",
        "Read the function's log. If the key was deleted, deploy the function with another one.",
    ),
}
"""Title and what to do, by the handler's code."""


def refused_in_front(status: int, headers: Mapping[str, str]) -> Explanation:
    """A firewall or content delivery network answered, before the partner read the key."""
    address = header(headers, "x-egress-ip") or "of the network"
    return Explanation(
        code=REFUSED_BEFORE_KEY,
        title="The call was refused before the key was read",
        detail=f"A firewall or content delivery network in front of the partner answered {status} "
        "itself, so the key is not the cause.",
        what_to_do=f"Give the partner the address {address} and the time of the call, and ask them "
        "to let it through their firewall. It may also clear up on its own in a few minutes.",
        retry_after_s=retry_after_s(status, headers),
    )


def header(headers: Mapping[str, str], wanted: str) -> str:
    """The header of that name in lower case; '' without one."""
    return {name.lower(): value for name, value in headers.items()}.get(wanted, "").strip()


def retry_after_s(status: int, headers: Mapping[str, str]) -> int | None:
    """Seconds of Retry-After; its other form, a date, is ignored."""
    value = header(headers, "retry-after")
    if re.fullmatch(r"[0-9]{1,6}", value):
        return int(value)
    return THROTTLE_WAIT_S if status == 429 else None
