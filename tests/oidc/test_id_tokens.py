"""Only a token of this provider, for this client, of this sign-in, and now, is accepted."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.oidc.own_keys import EXPECTED, NOW_S, OwnKeys
from tests.outbound.origin import running
from webapp.errors import Refused
from webapp.models.texts import SUBJECT_MAX
from webapp.oidc.id_tokens import LEEWAY_S, checked_claims

EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def issuer() -> Iterator[OwnKeys]:
    with running() as origin:
        made = OwnKeys(origin)
        made.publish()
        yield made


def check(issuer: OwnKeys, token: dict[str, Any]) -> dict[str, Any]:
    return checked_claims(issuer.documents, token, EXPECTED)


def unsigned(token: dict[str, Any], header: bytes, signature: str = "") -> dict[str, Any]:
    payload = token["id_token"].split(".")[1]
    head = urlsafe_b64encode(header).rstrip(b"=").decode()
    return {"id_token": f"{head}.{payload}.{signature}"}


def test_a_good_token_says_who_it_is(issuer: OwnKeys) -> None:
    assert check(issuer, issuer.token(groups=["a"]))["groups"] == ["a"]
    several = issuer.token(aud=["egret", "other"], azp="egret")
    assert check(issuer, several)["sub"] == "grace"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": EVIL}, "invalid_claim: iss"),
        ({"iss": None}, "missing_claim: iss"),
        ({"aud": "another"}, "invalid_claim: aud"),
        ({"aud": ["another"]}, "invalid_claim: aud"),
        ({"aud": None}, "missing_claim: aud"),
        ({"aud": ["egret", "other"]}, "missing_claim: azp"),
        ({"azp": "another"}, "invalid_claim: azp"),
        ({"exp": NOW_S - LEEWAY_S}, "expired_token: exp"),
        ({"exp": None}, "missing_claim: exp"),
        ({"exp": "tomorrow"}, "invalid_claim: exp"),
        ({"iat": NOW_S + LEEWAY_S + 1}, "invalid_claim: iat"),
        ({"iat": None}, "missing_claim: iat"),
        ({"nbf": NOW_S + LEEWAY_S + 1}, "invalid_claim: nbf"),
        ({"nonce": "of-another-sign-in"}, "invalid_claim: nonce"),
        ({"nonce": None}, "missing_claim: nonce"),
        ({"sub": None}, "missing_claim: sub"),
        ({"sub": ["grace"]}, "invalid_claim: sub"),
    ],
)
def test_a_token_with_another_claim_is_refused(
    issuer: OwnKeys, changed: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        check(issuer, issuer.token(**changed))


@pytest.mark.parametrize("subject", ["", "x" * (SUBJECT_MAX + 1), "a\0", "a\n", "é"])
def test_a_token_about_nobody_is_refused(issuer: OwnKeys, subject: str) -> None:
    with pytest.raises(Refused, match="does not say who"):
        check(issuer, issuer.token(sub=subject))


@pytest.mark.parametrize("kind", ["at+jwt", "logout+jwt", "application/at+jwt", ""])
def test_a_token_of_another_kind_is_refused(issuer: OwnKeys, kind: str) -> None:
    with pytest.raises(Refused):
        check(issuer, issuer.token(header={"typ": kind}))
    assert check(issuer, issuer.token(header={"typ": "application/jwt"}))


def test_a_key_that_the_provider_does_not_publish_is_refused(issuer: OwnKeys) -> None:
    other = ECKey.generate_key("P-256", auto_kid=True)
    with pytest.raises(Refused, match="bad_signature"):
        check(issuer, issuer.token(other))
    with pytest.raises(Refused, match="invalid_key_id"):
        check(issuer, issuer.token(other, {"kid": other.kid}))
    with pytest.raises(Refused, match="bad_signature"):
        check(issuer, issuer.token(other, {"jwk": other.as_dict(private=False)}))


def test_a_token_without_a_signature_is_refused(issuer: OwnKeys) -> None:
    token = issuer.token()
    for header in (b'{"alg":"none"}', b'{"alg":"None"}', b'{"alg":"nOnE"}', b"{}", b"[]", b"x"):
        with pytest.raises(Refused):
            check(issuer, unsigned(token, header))
    with pytest.raises(Refused, match="bad_signature"):
        check(issuer, unsigned(token, b'{"alg":"ES256"}'))


def test_a_signature_by_a_key_that_everybody_knows_is_refused(issuer: OwnKeys) -> None:
    """HMAC, with the text of the public key as its secret."""
    head = b'{"alg":"HS256"}'
    signed = unsigned(issuer.token(), head)["id_token"].removesuffix(".")
    known = issuer.key.as_pem(private=False)
    digest = urlsafe_b64encode(hmac.digest(known, signed.encode(), "sha256")).rstrip(b"=")
    with pytest.raises(Refused, match=r"unsupported_algorithm|cannot be read"):
        check(issuer, unsigned(issuer.token(), head, digest.decode()))


def test_a_token_that_belongs_to_another_access_token_is_refused(issuer: OwnKeys) -> None:
    token = issuer.token(at_hash="of another one")
    with pytest.raises(Refused, match="at_hash"):
        check(issuer, token | {"access_token": "a"})


@pytest.mark.parametrize("text", [None, "", "a", "a.b.c", 7, {"a": 1}, "x" * 70_000, "é.é.é"])
def test_what_is_no_token_is_refused(issuer: OwnKeys, text: object) -> None:
    with pytest.raises(Refused):
        check(issuer, {"id_token": text})
