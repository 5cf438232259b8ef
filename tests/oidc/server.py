"""A real provider on this machine: the package `oidc-provider-mock`, served over HTTP.

What it leaves out is added in front of it: a code needs the verifier of its challenge (RFC 7636).
"""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from tests import plain_http
from webapp.settings import Settings

CLIENT_ID, CLIENT_SECRET = "egret", "secret-of-egret"
ROLES = "groups:egret-admins=admin,egret-ops=operator,egret-all=viewer"
TIMEOUT_S = 10.0
STYLES = b"https://cdn.jsdelivr.net/npm/@picocss/pico@2/css/pico.min.css"
NONE = b"data:text/css,".ljust(len(STYLES), b"/")
"""Nothing is loaded from the internet."""


@dataclass
class LocalProvider:
    """At `issuer`, in a thread of this process. `challenges` are those of codes."""

    server: Any
    challenges: dict[str, str] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def settings(self, **other: Any) -> dict[str, Any]:
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_roles": ROLES,
        } | other

    def environment(self) -> dict[str, str]:
        return {f"EGRET_{name.upper()}": text for name, text in self.settings().items()}

    def change_keys(self) -> None:
        """A new signing key; it forgets everybody."""
        from oidc_provider_mock import app

        self.server.app = self._checking(app(require_nonce=True))

    def knows(self, subject: str, *groups: str, **claims: Any) -> None:
        """Somebody who is called like their subject, in those groups."""
        about = {"preferred_username": subject, "groups": list(groups)} | claims
        plain_http.put(f"{self.issuer}/users/{subject}", json=about, timeout=TIMEOUT_S)

    def consent(self, url: str, subject: str, **changed: str) -> str:
        """What the person does there; returns path and query of where they are sent.

        `changed` are parameters of the address that somebody has altered on the way.
        """
        parts = urlsplit(url)
        query = {name: each[0] for name, each in parse_qs(parts.query).items()} | changed
        there = urlunsplit(parts._replace(query=urlencode(query)))
        form = {"sub": subject} if subject else {"action": "deny"}
        answer = plain_http.post(there, data=form, timeout=TIMEOUT_S)
        back = urlsplit(answer.headers["location"])
        return f"{back.path}?{back.query}"

    def _checking(self, app: Callable[..., Any]) -> Callable[..., Any]:
        """The same WSGI application, with PKCE."""

        def checked(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
            asked = parse_qs(environ["QUERY_STRING"])

            def noted(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                back = parse_qs(urlsplit(dict(headers).get("Location", "")).query)
                if "code" in back and asked.get("code_challenge_method") == ["S256"]:
                    self.challenges[back["code"][0]] = asked["code_challenge"][0]
                return start(status, headers, *rest)

            if environ["PATH_INFO"] == "/oauth2/token" and not self._has_verifier(environ):
                start("400 Bad Request", [("Content-Type", "application/json")])
                return [b'{"error": "invalid_grant", "error_description": "Wrong verifier."}']
            return [part.replace(STYLES, NONE) for part in app(environ, noted)]

        return checked

    def _has_verifier(self, environ: dict[str, Any]) -> bool:
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        form = {name: each[0] for name, each in parse_qs(body.decode()).items()}
        challenge: str = create_s256_code_challenge(form.get("code_verifier", ""))
        return self.challenges.get(form.get("code", "")) == challenge


@contextmanager
def running() -> Iterator[LocalProvider]:
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # its own server, which is asked by http
    with warnings.catch_warnings(record=True):  # it uses names of authlib that end some day
        warnings.simplefilter("ignore")
        from oidc_provider_mock import run_server_in_thread
    for name in ("werkzeug", "oidc_provider_mock"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with run_server_in_thread() as server:
        local = LocalProvider(server)
        local.change_keys()
        yield local


def with_provider(settings: Settings, local: LocalProvider, **other: Any) -> Settings:
    """The same settings, with the provider and the address that tests ask for."""
    changed = local.settings(public_url="http://127.0.0.1:8000", **other)
    return Settings(**(settings.model_dump(exclude_unset=True) | changed))
