"""What the provider publishes: its discovery document and its keys, each kept for a while.

A key that is not known makes the keys be asked for anew, so that the provider can change them at
any time; but not more often than every KEYS_AGAIN_S, or anybody with an invented token could make
Egret ask. A provider that does not answer is asked again after FAILED_FOR_S.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from webapp.capacity.outside import outside
from webapp.db import give_back
from webapp.errors import Invalid, Upstream
from webapp.outbound import Answer, Outbound, Purpose

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

KEPT_FOR_S = 3600.0
KEYS_AGAIN_S = 10.0
FAILED_FOR_S = 5.0
TOTAL_S = 5.0
BODY_MAX_BYTES = 256 * 1024
WELL_KNOWN = "/.well-known/openid-configuration"
NOT_PUBLIC = "an address in its discovery document is not public"
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
"""Signatures by a key of the provider's. Never `none`; nor HMAC, whose key others could know."""
Clock = Callable[[], float]


@dataclass(frozen=True)
class Metadata:
    """OpenID Connect Discovery 1.0, section 3; '' where the provider has no such address."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    algorithms: tuple[str, ...]
    posts_secret: bool
    """Whether the client's secret has to be a field of the form; else it is in a header, which is
    what providers take by default."""
    names_itself: bool
    """Whether its answers say which provider it is (RFC 9207)."""


class Documents:
    """Of one issuer. `outbound` and `clock` are seams for tests."""

    def __init__(
        self, issuer: str, outbound: Outbound | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.issuer, self._clock = issuer, clock
        self._outbound = outbound or Outbound()
        self._lock = Lock()
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._metadata_at = self._keys_at = self._failed_at = float("-inf")
        self._failure = ""

    def metadata(self) -> Metadata:
        """Raises Upstream; Unavailable when too many requests wait already."""
        if self._metadata and not self._is_over(self._metadata_at, KEPT_FOR_S):
            return self._metadata
        with self._turn():
            if self._metadata is None or self._is_over(self._metadata_at, KEPT_FOR_S):
                found = self._document(f"{self.issuer.rstrip('/')}{WELL_KNOWN}")
                self._metadata = self._read(found)
                self._metadata_at = self._clock()
            return self._metadata

    def keys(self, *, anew: bool = False) -> "KeySet":
        """`anew`: as there was none that fits. Raises Upstream, Unavailable."""
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        url, kept_for_s = self.metadata().jwks_uri, KEYS_AGAIN_S if anew else KEPT_FOR_S
        if self._keys and not self._is_over(self._keys_at, kept_for_s):
            return self._keys
        with self._turn():
            if self._keys is None or self._is_over(self._keys_at, kept_for_s):
                try:
                    self._keys = KeySet.import_key_set(self._document(url))  # type: ignore[arg-type]  # checked by itself
                except (JoseError, AttributeError, KeyError, TypeError, ValueError) as error:
                    raise self._failed("its keys cannot be read") from error
                self._keys_at = self._clock()
            return self._keys

    def ask(self, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """About one person, at another endpoint. Raises Upstream, Unavailable."""
        method, purpose = "GET" if body is None else "POST", self._purpose(url)
        try:
            return self._outbound.fetch(purpose, url, method=method, headers=headers, body=body)
        except Invalid as error:
            raise Upstream(_sentence(NOT_PUBLIC), code="provider_failed") from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One asks, the others wait for what it finds; as for any answer from outside, without a
        connection of the database, and in a place of their own. Raises Unavailable."""
        give_back()
        outside.enter()
        with self._lock:
            yield

    def _document(self, url: str) -> dict[str, Any]:
        if not self._is_over(self._failed_at, FAILED_FOR_S):
            raise Upstream(self._failure, code="provider_failed")
        try:
            answer = self._outbound.fetch(
                self._purpose(url), url, headers={"Accept": "application/json"}
            )
            found = json.loads(answer.body) if answer.status == HTTPStatus.OK else None
        except Upstream as error:
            raise self._failed(error.detail.rstrip(".")) from error
        except Invalid as error:
            raise self._failed(NOT_PUBLIC) from error
        except (ValueError, RecursionError) as error:
            raise self._failed("its answer cannot be read") from error
        if not isinstance(found, dict):
            raise self._failed(f"it answered {answer.status}, without a document")
        return found

    def _failed(self, why: str) -> Upstream:
        self._failed_at = self._clock()
        self._failure = _sentence(why)
        return Upstream(self._failure, code="provider_failed")

    def _is_over(self, at: float, seconds: float) -> bool:
        return self._clock() >= at + seconds

    def _purpose(self, url: str) -> Purpose:
        """Its own origin wherever that is; what its document names elsewhere must be public."""
        issuer, host = urlsplit(self.issuer), urlsplit(url).hostname or ""
        return Purpose(
            "signing in",
            lambda: {host},
            frozenset({"GET", "POST"}),
            TOTAL_S,
            BODY_MAX_BYTES,
            origin=f"{issuer.scheme}://{issuer.netloc}",
        )

    def _read(self, found: Mapping[str, Any]) -> Metadata:
        """Raises Upstream for a document that is not the issuer's own (Discovery, 4.3)."""
        if found.get("issuer") != self.issuer:
            raise self._failed(
                "its discovery document is of another issuer than EGRET_OIDC_ISSUER, which must "
                "be the same to the letter"
            )
        supported = found.get("id_token_signing_alg_values_supported")
        offered = supported if isinstance(supported, list) else ALGORITHMS
        methods = found.get("token_endpoint_auth_methods_supported")
        has_basic = not isinstance(methods, list) or "client_secret_basic" in methods
        return Metadata(
            authorization_endpoint=self._endpoint(found, "authorization_endpoint"),
            token_endpoint=self._endpoint(found, "token_endpoint"),
            userinfo_endpoint=self._endpoint(found, "userinfo_endpoint", needed=False),
            jwks_uri=self._endpoint(found, "jwks_uri"),
            end_session_endpoint=self._endpoint(found, "end_session_endpoint", needed=False),
            algorithms=tuple(each for each in ALGORITHMS if each in offered),
            posts_secret=not has_basic,
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def _endpoint(self, found: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
        """By https, unless the issuer itself is on this machine, and not."""
        url, scheme = found.get(name), urlsplit(self.issuer).scheme
        if not needed and not url:
            return ""
        if not isinstance(url, str) or not url.startswith(("https://", f"{scheme}://")):
            raise self._failed(f"its discovery document has no {name} that can be used")
        return url


def _sentence(why: str) -> str:
    return f"The provider cannot be used at the moment: {why}."
