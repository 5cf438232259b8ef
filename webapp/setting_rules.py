"""What a setting must be. Each rule takes the text of one; a ValueError says what to set."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from webapp.origins import has_host_and_port, problem_with_url

Network = IPv4Network | IPv6Network
POSTGRESQL = "postgresql+psycopg"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
WIDEST_PREFIX = {4: 8, 6: 16}
"""A network of proxies that is larger would let anybody say which client they are."""
SECRET_FILE_MAX_BYTES = 4096
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+")
POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::(?:[0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]+")
URL = re.compile(r"[A-Za-z0-9:/._~\[\]-]+")


def checked_database_url(url: str) -> str:
    """The URL with the installed driver; many hosts still write the scheme `postgres`."""
    if not url:
        return url
    scheme, separator, rest = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        url = f"{POSTGRESQL}://{rest}"
    elif scheme not in ("sqlite", POSTGRESQL) or not separator:
        raise ValueError("set EGRET_DATABASE_URL to postgresql://… or sqlite:///…")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # their texts have the password
        raise ValueError(
            "set EGRET_DATABASE_URL to postgresql://user:password@host:port/name, with % and "
            "the number of each special character in the password"
        ) from None
    if scheme == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError(
            "set EGRET_DATABASE_URL to sqlite:/// and the path of a file, or leave it empty"
        )
    return url


def checked_endpoints(endpoints: dict[str, str]) -> dict[str, str]:
    """They are the only exceptions from what functions' partners are: see `webapp.outbound`."""
    for public, used in endpoints.items():
        if not public.startswith("https://") or problem_with_url(public):
            raise ValueError(f"set EGRET_ENDPOINTS to https origins → others: not {public}")
        if not used.startswith(("http://", "https://")) or not has_host_and_port(used):
            raise ValueError(f"set EGRET_ENDPOINTS to an http(s) address for {public}")
    return endpoints


def checked_proxies(text: str) -> str:
    how = "set EGRET_TRUSTED_PROXIES to the addresses of your proxies, separated by commas"
    try:
        networks = networks_of(text)
    except ValueError as error:
        raise ValueError(f"{how}: {error}") from None
    for network in networks:
        if network.prefixlen < WIDEST_PREFIX[network.version]:
            raise ValueError(f"{how}: {network} is too large, anybody may be in it")
    return text


def networks_of(text: str) -> list[Network]:
    return [ip_network(part.strip()) for part in text.split(",") if part.strip()]


def checked_issuer(url: str) -> str:
    """As the provider writes it in its discovery document, with or without a slash at its end."""
    if not url:
        return url
    how = "set EGRET_OIDC_ISSUER to an address such as https://login.example.com/realms/main"
    try:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
    except ValueError as error:
        raise ValueError(f"{how}: {error}") from None
    if problem := problem_with_url(origin):
        raise ValueError(f"{how}: {problem}")
    if set(url) & set("?#") or not url.isprintable() or not url.isascii() or " " in url:
        raise ValueError(f"{how}: it must have no query, no fragment and no other characters")
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ValueError(f"{how}: it must begin with https://, unless it is on this machine")
    return url


def checked_role_arn(arn: str) -> str:
    if arn and not ROLE_ARN.fullmatch(arn):
        raise ValueError(
            "set EGRET_SERVICE_ROLE_ARN to a role, such as arn:aws:iam::111122223333:role/egret, "
            "or leave it empty"
        )
    return arn


def checked_boundary_arn(arn: str) -> str:
    if arn and not POLICY_ARN.fullmatch(arn):
        raise ValueError(
            "set EGRET_PERMISSIONS_BOUNDARY_ARN to a policy, such as "
            "arn:aws:iam::111122223333:policy/egret-boundary, or leave it empty"
        )
    return arn


def checked_endpoint_url(pattern: str) -> str:
    """It is filled in when a function's stack is there, and must not fail then."""
    names = {"api": "a1b2c3", "region": "eu-central-1", "suffix": "example.com", "stage": "live"}
    try:
        url = pattern.format(**names)
        host = urlsplit(url).hostname
    except (ValueError, LookupError, AttributeError):
        url, host = "", None
    is_url = url.startswith(("http://", "https://")) and URL.fullmatch(url) and host
    if not is_url or not {"{api}", "{stage}"} <= set(re.findall(r"{\w+}", pattern)):
        raise ValueError(
            "set EGRET_EXECUTE_API_URL to a URL with {api} and {stage} in it, and perhaps {region} "
            "and {suffix}"
        )
    return pattern


def read_secret(path: str) -> str:
    """What the file of a secret has, without the line break at its end."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        why = error.strerror or "it cannot be read"
        raise ValueError(f"set EGRET_OIDC_CLIENT_SECRET_FILE to another file: {why}") from None
    try:
        text = data.decode("ascii").strip() if len(data) <= SECRET_FILE_MAX_BYTES else ""
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable():
        raise ValueError(
            "set EGRET_OIDC_CLIENT_SECRET_FILE to a file with the secret in one line, and no more"
        )
    return text


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in LOOPBACK_HOSTS
