"""Where people are sent, what is asked of the provider, and what its answer must have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.oidc.own_keys import OwnKeys
from tests.outbound.origin import response, running
from webapp.errors import Refused, Upstream
from webapp.models import Role, utc_now
from webapp.oidc.provider import TOLD_MAX_CHARS, Binding, Identity, Provider
from webapp.settings import Settings

BINDING = Binding("egret_token")
POST = "client_secret_post"
PUBLIC_URL = "https://egret.example.com"


@pytest.fixture
def issuer() -> Iterator[OwnKeys]:
    with running() as origin:
        made = OwnKeys(origin)
        made.publish()
        yield made


def provider_of(issuer: OwnKeys, **other: Any) -> Provider:
    values: dict[str, Any] = {
        "oidc_issuer": issuer.origin.url,
        "oidc_client_id": "egret",
        "oidc_client_secret": "of-a-test",
        "public_url": PUBLIC_URL,
    }
    return Provider(Settings(**(values | other)))


def test_the_address_has_a_challenge_and_the_exact_way_back(issuer: OwnKeys) -> None:
    url = provider_of(issuer).authorization_url(BINDING, again=False)
    query = {name: each[0] for name, each in parse_qs(urlsplit(url).query).items()}
    challenge = query.pop("code_challenge")
    assert query == {
        "response_type": "code",
        "client_id": "egret",
        "redirect_uri": f"{PUBLIC_URL}/sign-in/callback",
        "scope": "openid profile email",
        "state": BINDING.state,
        "nonce": BINDING.nonce,
        "code_challenge_method": "S256",
    }
    assert len(challenge) == 43
    assert "of-a-test" not in url


def test_what_binds_an_answer_differs_and_shows_no_token() -> None:
    derived = {BINDING.state, BINDING.nonce, BINDING.verifier, Binding("another").state}
    assert {len(each) for each in derived} == {43}
    assert len(derived) == 4
    assert "egret_token" not in repr(BINDING)


def test_a_provider_that_names_itself_must_do_so(issuer: OwnKeys) -> None:
    issuer.publish(authorization_response_iss_parameter_supported=True)
    provider, answer = provider_of(issuer), {"state": BINDING.state, "code": "c"}
    assert provider.check_answer(BINDING, answer | {"iss": issuer.origin.url}) == "c"
    for named in ({}, {"iss": ""}, {"iss": f"{issuer.origin.url}/"}):
        with pytest.raises(Refused, match="another provider"):
            provider.check_answer(BINDING, answer | named)


@pytest.mark.parametrize("answer", [{}, {"state": ""}, {"state": "é"}, {"code": "c", "error": "x"}])
def test_an_answer_without_the_state_is_refused_without_its_words(
    issuer: OwnKeys, answer: dict[str, str]
) -> None:
    with pytest.raises(Refused, match="not the answer to the sign-in that you began"):
        provider_of(issuer).check_answer(BINDING, answer)


def test_a_browser_that_began_nothing_is_shown_no_words(issuer: OwnKeys) -> None:
    """Anybody can derive the state of no token."""
    nobody = Binding("")
    with pytest.raises(Refused, match="that you began"):
        provider_of(issuer).check_answer(nobody, {"state": nobody.state, "error": "x"})


def test_a_long_text_of_the_provider_is_cut(issuer: OwnKeys) -> None:
    answer = {"state": BINDING.state, "error": "x", "error_description": "y" * 5000}
    with pytest.raises(Refused) as caught:
        provider_of(issuer).check_answer(BINDING, answer)
    assert f"{'y' * (TOLD_MAX_CHARS - 3)}…" in str(caught.value)
    with pytest.raises(Refused, match="sent no code"):
        provider_of(issuer).check_answer(BINDING, {"state": BINDING.state})


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b'{"error": "invalid_client"}', 401, "did not accept your sign-in .invalid_client"),
        (b'{"error": "x", "error_description": "\\u00a7 1\\r\\nTrace"}', 400, "x: § 1Trace"),
        (b'{"error": {"a": [1]}}', 400, "did not accept your sign-in"),
        (b"<html>", 502, "cannot be read"),
        (b"[1]", 200, "cannot be read"),
        (b'{"access_token": "a", "token_type": "bearer"}', 200, "sent no ID token"),
        (b'{"id_token": "a", "expires_in": "soon"}', 200, "cannot be read"),
    ],
)
def test_what_is_no_token_is_told_in_a_sentence(
    issuer: OwnKeys, body: bytes, status: int, why: str
) -> None:
    provider = provider_of(issuer)
    provider.check()
    issuer.origin.answer = response(body, status)
    with pytest.raises((Refused, Upstream), match=why):
        provider.identity(BINDING, "c")


@pytest.mark.parametrize(
    "methods", [None, ["client_secret_post", "client_secret_basic"], ["client_secret_post"]]
)
def test_the_secret_is_sent_as_the_provider_wants_it_and_read_anew_from_its_file(
    issuer: OwnKeys, methods: Any, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("first\n")
    provider = provider_of(issuer, oidc_client_secret="", oidc_client_secret_file=str(file))
    issuer.publish(token_endpoint_auth_methods_supported=methods)
    provider.check()
    file.write_text("second\n")
    with pytest.raises(Refused):
        provider.identity(BINDING, "c")
    asked = issuer.origin.asked[-1]
    assert asked.startswith("POST /token ")
    assert ("Authorization: Basic" in asked) == (methods != [POST])


def told(issuer: OwnKeys, provider: Provider, **about: Any) -> Identity:
    """What the provider says, with an ID token that has no more than it must."""
    now: dict[str, Any] = {
        "iat": int(utc_now().timestamp()),
        "exp": int(utc_now().timestamp()) + 60,
    }
    token = issuer.token(nonce=BINDING.nonce, **now)
    issuer.publish(**token, access_token="a", userinfo_endpoint=f"{issuer.origin.url}/me", **about)
    return provider.identity(BINDING, "c")


def test_claims_that_the_id_token_does_not_have_are_asked_for(issuer: OwnKeys) -> None:
    provider = provider_of(issuer, oidc_roles="groups:boss=admin")
    about = {"sub": "grace", "preferred_username": "hopper", "groups": ["boss"], "iss": "x"}
    found = told(issuer, provider, **about)
    assert (found.name, found.role, found.issuer) == ("hopper", Role.ADMIN, issuer.origin.url)
    assert issuer.origin.asked[-1].startswith("GET /me ")
    assert "Authorization: Bearer a\r\n" in issuer.origin.asked[-1]
    assert told(issuer, provider, sub="grace").role is None
    with pytest.raises(Refused, match="about somebody else"):
        told(issuer, provider, sub="mallory", groups=["boss"])
    with pytest.raises(Refused, match="about somebody else"):
        told(issuer, provider, groups=["boss"])


def test_without_a_page_to_sign_out_at_none_is_offered(issuer: OwnKeys) -> None:
    assert provider_of(issuer).end_session_url() == ""
    issuer.publish(end_session_endpoint=f"{issuer.origin.url}/out?a=b")
    assert provider_of(issuer).end_session_url() == (
        f"{issuer.origin.url}/out?a=b&client_id=egret&post_logout_redirect_uri="
        "https%3A%2F%2Fegret.example.com%2Fsign-in"
    )
    issuer.origin.answer = response(b"", 500)
    assert provider_of(issuer).end_session_url() == ""
