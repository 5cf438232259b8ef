"""What the provider publishes is kept for a while, and believed only as far as it may be."""

from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlmodel import Session, select

from tests.oidc.own_keys import OwnKeys
from tests.outbound.origin import response, running
from webapp.errors import Upstream
from webapp.models import User
from webapp.oidc.documents import FAILED_FOR_S, KEPT_FOR_S, KEYS_AGAIN_S, Documents


@pytest.fixture
def issuer() -> Iterator[OwnKeys]:
    with running() as origin:
        made = OwnKeys(origin)
        made.publish()
        yield made


def test_documents_are_kept_and_keys_are_asked_for_anew_but_not_all_the_time(
    issuer: OwnKeys,
) -> None:
    now_s = 0.0
    documents, asked = Documents(issuer.origin.url, clock=lambda: now_s), issuer.origin.asked
    first = documents.keys()
    assert documents.keys() is first
    assert [line.split()[1] for line in asked] == ["/.well-known/openid-configuration", "/keys"]
    issuer.key = ECKey.generate_key("P-256", auto_kid=True)
    issuer.publish()
    assert documents.keys(anew=True) is first
    now_s = KEYS_AGAIN_S
    assert [key.kid for key in documents.keys(anew=True)] == [issuer.key.kid]
    assert len(asked) == 3
    now_s = KEPT_FOR_S + KEYS_AGAIN_S
    documents.keys()
    assert len(asked) == 5


def test_a_provider_that_is_down_is_asked_again_after_a_moment(issuer: OwnKeys) -> None:
    now_s = 0.0
    documents = Documents(issuer.origin.url, clock=lambda: now_s)
    issuer.origin.answer = response(b"Bad gateway", 502)
    for _ in range(3):
        with pytest.raises(Upstream, match="it answered 502, without a document"):
            documents.metadata()
    assert len(issuer.origin.asked) == 1
    issuer.publish()
    now_s = FAILED_FOR_S
    assert documents.metadata().token_endpoint == f"{issuer.origin.url}/token"


def test_no_connection_of_the_database_is_kept_while_the_provider_is_asked(
    issuer: OwnKeys, session: Session
) -> None:
    pool: Any = session.connection().engine.pool
    session.exec(select(User)).all()
    documents = issuer.documents
    assert pool.checkedout() == 1
    documents.metadata()
    assert pool.checkedout() == 0
    session.exec(select(User)).all()
    documents.metadata()  # which is known
    assert pool.checkedout() == 1
    documents.keys()
    assert pool.checkedout() == 0


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"issuer": "https://evil.example"}, "of another issuer"),
        ({"issuer": None}, "of another issuer"),
        ({"token_endpoint": None}, "has no token_endpoint"),
        ({"token_endpoint": 7}, "has no token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "has no authorization_endpoint"),
        ({"end_session_endpoint": "javascript:alert(1)"}, "has no end_session_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "has no jwks_uri"),
    ],
)
def test_a_document_that_cannot_be_used_is_refused(
    issuer: OwnKeys, changed: dict[str, Any], why: str
) -> None:
    issuer.publish(**changed)
    with pytest.raises(Upstream, match=why):
        issuer.documents.metadata()


@pytest.mark.parametrize("body", [b"[]", b"<html>", b"\xff", b"[" * 200_000])
def test_what_is_no_document_is_refused(issuer: OwnKeys, body: bytes) -> None:
    issuer.origin.answer = response(body)
    with pytest.raises(Upstream, match="cannot be used at the moment"):
        issuer.documents.metadata()


@pytest.mark.parametrize("keys", [[], [{}], [7], {"a": 1}, "x", [{"kty": "RSA", "n": "x"}]])
def test_keys_that_cannot_be_read_are_refused(issuer: OwnKeys, keys: object) -> None:
    issuer.publish(keys=keys)
    with pytest.raises(Upstream, match="its keys cannot be read"):
        issuer.documents.keys()


@pytest.mark.parametrize(
    "url",
    ["https://169.254.169.254/keys", "https://localhost/keys", "http://127.0.0.1:9/keys"],
)
def test_an_address_inside_is_called_only_at_the_issuers_own_origin(
    issuer: OwnKeys, url: str
) -> None:
    issuer.publish(jwks_uri=url)
    with pytest.raises(Upstream, match="discovery document is not public"):
        issuer.documents.keys()
    with pytest.raises(Upstream, match="discovery document is not public"):
        issuer.documents.ask(url, {})
    assert len(issuer.origin.asked) == 1


def test_only_signatures_that_need_a_key_of_the_provider_are_taken(issuer: OwnKeys) -> None:
    issuer.publish(id_token_signing_alg_values_supported=["none", "HS256", "RS256", "ES256"])
    assert issuer.documents.metadata().algorithms == ("RS256", "ES256")
