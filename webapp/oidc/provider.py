"""The provider, as signing in needs it: where people are sent, and who they are when they return.

State, nonce and code verifier are derived from one random token, which the browser keeps in a
cookie (OpenID Connect Core 1.0, 15.5.2: the nonce as a hash of a cookie). So the database needs
only the token's hash, and an answer of the provider is worth nothing in another browser.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from webapp.errors import Upstream
from webapp.models.base import utc_now
from webapp.models.role import Role
from webapp.oidc.documents import Documents
from webapp.oidc.id_tokens import Expected, checked_claims, refused
from webapp.oidc.roles import parse
from webapp.settings import Settings

if TYPE_CHECKING:
    from authlib.oauth2.client import OAuth2Client

CALLBACK = "/sign-in/callback"
TOLD_MAX_CHARS = 200
"""Of a text of the provider's."""


@dataclass(frozen=True)
class Binding:
    """What ties the provider's answer to the browser that was sent there, and to this sign-in."""

    token: str = field(repr=False)

    @property
    def state(self) -> str:
        return self._derived("state")

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """For PKCE: 43 characters (RFC 7636, 4.1)."""
        return self._derived("code verifier")

    def _derived(self, purpose: str) -> str:
        key = self.token.encode("utf-8", "surrogatepass")
        digest = hmac.digest(key, f"egret: {purpose}".encode(), hashlib.sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class Identity:
    """Who the provider says it is. `role` is None for who may not come in."""

    issuer: str
    subject: str
    name: str
    role: Role | None
    authenticated_at: datetime | None
    """When they proved it to the provider, if it says so."""


class Provider:
    """`documents` is a seam for tests."""

    def __init__(self, settings: Settings, documents: Documents | None = None) -> None:
        self._settings = settings
        self._documents = documents or Documents(settings.oidc_issuer)
        self._rules = parse(settings.oidc_roles)

    @property
    def label(self) -> str:
        return self._settings.oidc_label

    def check(self) -> None:
        """Raises Upstream where the provider cannot be used at the moment; Unavailable."""
        self._documents.metadata()

    def authorization_url(self, binding: Binding, *, again: bool) -> str:
        """Where the browser goes; `again`: the provider asks even who is signed in there.

        Raises Upstream, Unavailable.
        """
        endpoint = self._documents.metadata().authorization_endpoint
        asking = {"prompt": "login", "max_age": "0"} if again else {}
        url, _ = self._client().create_authorization_url(
            endpoint,
            state=binding.state,
            code_verifier=binding.verifier,
            nonce=binding.nonce,
            **asking,
        )
        return str(url)

    def check_answer(self, binding: Binding, answer: Mapping[str, str]) -> str:
        """The code in the query that the browser came back with. Raises Refused, Upstream.

        Nothing of an answer is shown before it is known that this browser asked for it.
        """
        state = answer.get("state", "").encode("utf-8", "surrogatepass")
        if not binding.token or not hmac.compare_digest(state, binding.state.encode()):
            raise refused("This is not the answer to the sign-in that you began")
        issuer = answer.get("iss")
        is_named = issuer is not None or self._documents.metadata().names_itself
        if is_named and issuer != self._documents.issuer:  # RFC 9207: a mix-up of providers
            raise refused("This is the answer of another provider")
        if "error" in answer:
            told = _told(answer["error"], answer.get("error_description", ""))
            raise refused(f"The provider did not let you in ({told})")
        if not answer.get("code"):
            raise refused("The provider sent no code")
        return answer["code"]

    def identity(self, binding: Binding, code: str) -> Identity:
        """Exchange the code, which works once. Raises Refused, Upstream, Unavailable."""
        token = self._token(binding, code)
        now_s = int(utc_now().timestamp())
        expected = Expected(self._settings.oidc_client_id, binding.nonce, now_s)
        claims = checked_claims(self._documents, token, expected)
        if not self._rules.are_told(claims) or "preferred_username" not in claims:
            claims = self._user_info(token, claims["sub"]) | claims
        return Identity(
            self._documents.issuer,
            claims["sub"],
            _name(claims),
            self._rules.role_of(claims),
            _time(claims.get("auth_time")),
        )

    def end_session_url(self) -> str:
        """Where people end their session at the provider, too; '' if it has no such page, or fails.

        OpenID Connect RP-Initiated Logout 1.0. No ID token is kept to send along, so it may ask.
        """
        try:
            url = self._documents.metadata().end_session_endpoint
        except Upstream:
            return ""
        client_id, back = self._settings.oidc_client_id, f"{self._settings.url}/sign-in"
        query = urlencode({"client_id": client_id, "post_logout_redirect_uri": back})
        return f"{url}{'&' if '?' in url else '?'}{query}" if url else ""

    def _token(self, binding: Binding, code: str) -> dict[str, Any]:
        url = self._documents.metadata().token_endpoint
        try:
            client = self._client()
            found = client.fetch_token(url, code=code, code_verifier=binding.verifier)
        except _NoToken as error:
            told = _told(error.error, error.description)
            raise refused(f"The provider did not accept your sign-in ({told})") from error
        except (AttributeError, RecursionError, TypeError, ValueError) as error:
            raise _unreadable() from error
        return dict(found)

    def _user_info(self, token: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """More claims, which some providers give there alone (OpenID Connect Core 1.0, 5.3)."""
        url = self._documents.metadata().userinfo_endpoint
        if not url or not isinstance(token.get("access_token"), str):
            return {}
        headers = {"Authorization": f"Bearer {token['access_token']}", "Accept": "application/json"}
        answer = self._documents.ask(url, headers)
        try:
            found = json.loads(answer.body) if answer.status == HTTPStatus.OK else None
        except (RecursionError, ValueError):
            found = None
        if not isinstance(found, dict):  # without a role, sessions would end
            raise _unreadable()
        if found.get("sub") != subject:
            raise refused("What the provider says is about somebody else")
        return found

    def _client(self) -> "OAuth2Client":
        from authlib.oauth2.client import OAuth2Client

        settings = self._settings
        posts_secret = self._documents.metadata().posts_secret
        client = OAuth2Client(
            _Session(self._documents),
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_secret,
            token_endpoint_auth_method=f"client_secret_{'post' if posts_secret else 'basic'}",
            scope=settings.oidc_scopes,
            redirect_uri=f"{settings.url}{CALLBACK}",
            code_challenge_method="S256",
        )
        client.oauth_error_class = _NoToken
        return client


class _NoToken(Exception):
    """authlib's own class refuses descriptions of more than ASCII, which providers do send."""

    def __init__(self, error: object, description: object = "") -> None:
        super().__init__(error)
        self.error, self.description = str(error), str(description or "")


class _Session:
    """What authlib needs of an HTTP client; its calls are those of `webapp.outbound`."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def post(self, url: str, *, data: Any, headers: Mapping[str, str], auth: Any) -> "_Response":
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        answer = self._documents.ask(url, sent, body.encode())
        return _Response(answer.status, answer.body)


@dataclass(frozen=True)
class _Response:
    status_code: int
    body: bytes = field(repr=False)

    def json(self) -> Any:
        return json.loads(self.body)

    def raise_for_status(self) -> None:
        """Called for what is no token and no error of OAuth's."""
        raise ValueError(f"It answered {self.status_code}.")


def _unreadable() -> Upstream:
    return Upstream(
        "The provider cannot be used at the moment: its answer cannot be read.",
        code="provider_failed",
    )


def _name(claims: Mapping[str, Any]) -> str:
    """A name to show. It finds nobody: that is done by issuer and subject."""
    email = claims.get("email") if claims.get("email_verified") is True else None
    names = (claims.get("preferred_username"), email, claims["sub"])
    return next(name.strip() for name in names if isinstance(name, str) and name.strip())


def _time(seconds: object) -> datetime | None:
    try:
        if isinstance(seconds, int | float) and seconds > 0:
            return datetime.fromtimestamp(seconds, UTC)
    except (OSError, OverflowError, ValueError):
        pass
    return None


def _told(error: str, description: str) -> str:
    """As text of one line, and not more of it than fits."""
    text = f"{error}: {description}" if description else error
    shown = "".join(each for each in text if each.isprintable())
    return f"{shown[:TOLD_MAX_CHARS]}…" if len(shown) > TOLD_MAX_CHARS else shown
