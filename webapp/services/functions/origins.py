"""Origins of web pages, written exactly as browsers send them in the header `Origin`.

API Gateway and the handler compare them letter by letter, so `HTTPS://Example.com:443/` would never
match. The rules are the URL standard's (url.spec.whatwg.org), which pydantic's parser follows.
"""

import re
from collections.abc import Iterable

from pydantic_core import Url

from webapp.errors import Invalid
from webapp.models.rules import ORIGINS_MAX

FIELD = "cors_origins"
HOST_MAX_CHARS = 253
DEFAULT_PORTS = {"http": 80, "https": 443}
_SHAPE = re.compile(r"https?://[^\s/\\?#@%*]+/?", re.IGNORECASE)
_HOST = re.compile(r"\[[0-9a-f:.]+\]|([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?")


def normalised(texts: Iterable[str]) -> list[str]:
    """The origins as browsers send them, each once. Raises Invalid, also for more than one."""
    origins = list(dict.fromkeys(_origin(text.strip()) for text in texts))
    if len(origins) > ORIGINS_MAX:
        raise Invalid(
            f"Only one origin can be allowed, but these are {len(origins)}: {', '.join(origins)}. "
            "Deploy a function for each.",
            field=FIELD,
        )
    return origins


def _origin(text: str) -> str:
    try:
        url = Url(text)
    except ValueError:
        raise _not_an_origin(text) from None
    host = url.host or ""
    is_host = _HOST.fullmatch(host) and len(host.rstrip(".")) <= HOST_MAX_CHARS
    if not (_SHAPE.fullmatch(text) and is_host):
        raise _not_an_origin(text)
    port = "" if url.port == DEFAULT_PORTS[url.scheme] else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def _not_an_origin(text: str) -> Invalid:
    return Invalid(
        f"{text!r} is not an origin. Write it like https://example.com, without a path.",
        field=FIELD,
    )
