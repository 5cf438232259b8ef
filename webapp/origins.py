"""Which texts can be an origin: scheme, host and port of an address, and nothing after them."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.I)
HOST_NAME_MAX_CHARS = 253


def problem_with_url(url: str) -> str:
    """What keeps the text from being the public URL: scheme and host, and nothing after them."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return str(error)
    rules = {
        "it must have no blank and no control character": url.isprintable() and " " not in url,
        "it must begin with https://": url.startswith(("http://", "https://")),
        "it must have no user and no password": "@" not in parts.netloc,
        "it must end after the host, because Egret is not served below a path": (
            not parts.path.strip("/") and "?" not in url and "#" not in url
        ),
        "its port must be a number from 1 to 65535": port != 0 and not parts.netloc.endswith(":"),
        "it must have a host": _is_host(host),
    }
    return next((rule for rule, is_kept in rules.items() if not is_kept), "")


def has_host_and_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_host(text: str) -> bool:
    try:
        return not ip_address(text).is_unspecified
    except ValueError:
        return len(text) <= HOST_NAME_MAX_CHARS and HOST_NAME.fullmatch(text) is not None
