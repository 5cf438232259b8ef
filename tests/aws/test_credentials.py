"""Credentials that cannot be used: every kind is a pause, and says what to run."""

from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions

from webapp.aws.clients import Clients
from webapp.aws.credentials import fault_of, renewal
from webapp.aws.errors import AccessDenied, pauses_operation

REGION = "eu-central-1"
SECRET = "a-secret-key"
SSO = """
[profile signed-in]
sso_session = work
sso_account_id = 210987654321
sso_role_name = egret
region = eu-central-1
[sso-session work]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-central-1
sso_registration_scopes = sso:account:access
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without credentials, and with configuration files in an empty folder."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def refused(clients: Clients) -> AccessDenied:
    """What a service meets, whose adapter makes the client outside of `aws_errors`."""
    with pytest.raises(AccessDenied) as found:
        clients.ec2(REGION)
    assert pauses_operation(found.value)
    assert "Egret retries automatically." in found.value.remedy
    return found.value


def clients() -> Clients:
    return Clients("http://127.0.0.1:9", attempts=1)


def test_without_any_credentials_it_names_the_commands_and_the_hop_limit() -> None:
    error = refused(clients())
    assert "no AWS credentials" in error.detail
    assert "aws configure" in error.remedy
    assert "--http-put-response-hop-limit 2" in error.remedy


def test_a_profile_that_does_not_exist_does_not_stop_the_start(own: pytest.MonkeyPatch) -> None:
    own.setenv("AWS_PROFILE", "no such")
    error = refused(clients())
    assert "no profile 'no such'" in error.detail
    assert "aws configure --profile 'no such'" in error.remedy


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID"])
def test_half_of_the_credentials_is_not_enough(own: pytest.MonkeyPatch, name: str) -> None:
    own.setenv(name, SECRET)
    error = refused(clients())
    assert "AWS_SECRET_ACCESS_KEY is missing" in error.detail
    assert SECRET not in str(error)


def test_a_configuration_that_cannot_be_read_is_named(
    own: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile")
    own.setenv("AWS_PROFILE", "x")
    assert str(tmp_path / "config") in refused(clients()).detail


def test_without_a_signed_in_sso_session_it_names_the_command(
    own: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(SSO)
    own.setenv("AWS_PROFILE", "signed-in")
    made = clients()
    with pytest.raises(exceptions.BotoCoreError) as raised:
        made.ec2(REGION).describe_vpcs()
    fault = fault_of(raised.value)
    assert fault
    assert fault.remedy == "Run: aws sso login --profile signed-in"


def test_credentials_that_come_later_are_found_without_a_restart(tmp_path: Path) -> None:
    made = clients()
    refused(made)
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = AKIDX\naws_secret_access_key = {SECRET}\n"
    )
    client: Any = made.ec2(REGION)
    assert client._request_signer._credentials.access_key == "AKIDX"


@pytest.mark.parametrize(
    ("error", "command"),
    [
        (exceptions.SSOTokenLoadError(error_msg="x"), "aws sso login"),
        (exceptions.UnauthorizedSSOTokenError(), "aws sso login"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="x"), "aws sso login"),
        (exceptions.LoginRefreshRequired(), "aws login"),
        (
            exceptions.CredentialRetrievalError(provider="container-role", error_msg="x"),
            "aws sts get-caller-identity",
        ),
        (RuntimeError("the refreshed credentials are still expired."), "aws sts"),
    ],
)
def test_every_error_about_credentials_names_a_command(error: Exception, command: str) -> None:
    fault = fault_of(error)
    assert fault
    assert command in fault.remedy
    assert "--profile" not in fault.remedy


def test_other_errors_are_not_about_credentials() -> None:
    assert fault_of(exceptions.EndpointConnectionError(endpoint_url="x")) is None
    assert fault_of(RuntimeError("something else")) is None


def test_the_profile_in_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    assert "aws sso login --profile production" in renewal()
