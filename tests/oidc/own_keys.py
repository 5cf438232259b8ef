"""A provider whose keys the test has: one document that has everything, and tokens of any kind."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import JWSRegistry

from tests.outbound.origin import Origin, response
from webapp.oidc.documents import Documents
from webapp.oidc.id_tokens import Expected

NOW_S = 1_800_000_000
EXPECTED = Expected("egret", "nonce-of-this-sign-in", NOW_S)


@dataclass
class OwnKeys:
    """It answers at `origin`. `key` signs; it may be another than the one that was published."""

    origin: Origin
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))

    def publish(self, **changed: Any) -> None:
        url = self.origin.url
        document = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/keys",
            **KeySet([self.key]).as_dict(),
        }
        self.origin.answer = response(json.dumps(document | changed).encode())

    @property
    def documents(self) -> Documents:
        return Documents(self.origin.url)

    def token(
        self, key: Any = None, header: Mapping[str, Any] = {}, **changed: Any
    ) -> dict[str, Any]:
        """A good one, but for what is changed; None leaves a claim out."""
        claims = {
            "iss": self.origin.url,
            "sub": "grace",
            "aud": EXPECTED.client_id,
            "exp": NOW_S + 300,
            "iat": NOW_S,
            "nonce": EXPECTED.nonce,
        } | changed
        kept = {name: value for name, value in claims.items() if value is not None}
        used = key or self.key
        head = {"alg": "ES256", "kid": self.key.kid} | dict(header)
        any_algorithm = JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
        return {"id_token": jwt.encode(head, kept, used, registry=any_algorithm)}
