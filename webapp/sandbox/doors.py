"""Who may use a port of the sandbox: only what has its secret, and no page of another site.

A web page can send requests to 127.0.0.1, and so can every user of the machine. So each port asks
for the sandbox's secret, and refuses what a browser says comes from elsewhere: a Host that is not
this machine (DNS rebinding), another site's Origin or Sec-Fetch-Site.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
ADMINISTRATOR, DASHBOARD, NAT = "administrator", "dashboard", "nat"
"""The IAM users of the embedded AWS."""
FLOWS = "/_egret/flows"
"""Where the NAT tells the embedded AWS what it has forwarded."""
USER = "sandbox"
"""The user name beside the secret, where HTTP's Basic authentication carries it."""
FOREIGN = "The sandbox answers no request that comes from another site."


def is_foreign(headers: Mapping[str, str], *, hosts: frozenset[str] = HOSTS) -> bool:
    """Whether the headers, with names in lower case, say that a page of another site asks."""
    host, origin = headers.get("host", ""), headers.get("origin", "")
    site = headers.get("sec-fetch-site", "")
    return (
        name_of(host) not in hosts
        or origin not in ("", f"http://{host}")
        or site not in ("", "same-origin", "none")
    )


def name_of(host: str) -> str:
    """The name in a Host header, without its port; '' if it is no such header."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_secret(given: str, secret: str) -> bool:
    """Whether they are the same; a comparison takes as long for every wrong one."""
    return bool(given) and hmac.compare_digest(given.encode(), secret.encode())


def basic(authorization: str) -> tuple[str, str]:
    """User and password in an Authorization header of the kind Basic; '' without one."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password


def portal_pass(secret: str) -> str:
    """What opens the partner's portal and nothing else: it is in links, and so in a history."""
    return hashlib.sha256(f"portal {secret}".encode()).hexdigest()


def nat_password(secret: str, user: str) -> str:
    """What lets one execution environment use the NAT, in its own name and no other."""
    return hmac.new(secret.encode(), f"nat {user}".encode(), hashlib.sha256).hexdigest()
