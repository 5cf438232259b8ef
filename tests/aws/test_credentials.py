"""Credentials that cannot be used: every kind is a pause, and says what to run."""

from pathlib import Path

import botocore.session
import pytest
from botocore import exceptions

from webapp.aws.clients import Clients
from webapp.aws.credentials import fault_of, renewal
from webapp.aws.errors import AccessDenied, pauses_operation

REGION = "eu-central-1"
SECRET = "a-secret-key"


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


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_half_of_the_credentials_is_not_enough(
    own: pytest.MonkeyPatch, name: str, missing: str
) -> None:
    own.setenv(name, SECRET)
    error = refused(clients())
    assert f"{missing} is missing" in error.detail
    assert SECRET not in str(error)


def test_a_configuration_that_cannot_be_read_is_named(
    own: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile")
    own.setenv("AWS_PROFILE", "x")
    assert str(tmp_path / "config") in refused(clients()).detail


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
    assert command in fault.remedy
    assert "--profile" not in fault.remedy


def test_whatever_is_raised_is_a_fault_of_one_line_without_the_text_of_what_was_read() -> None:
    fault = fault_of(KeyError(SECRET))
    assert "KeyError" in fault.what
    assert SECRET not in fault.what
    assert fault_of(RuntimeError("two\nlines " + "x" * 1000)).what.count("\n") == 0
    assert len(fault_of(RuntimeError("x" * 1000)).what) < 400


def test_an_error_that_shows_a_header_is_not_quoted() -> None:
    error = exceptions.HTTPClientError(error=ValueError(f"Invalid header value b'{SECRET}'"))
    assert SECRET not in fault_of(error).what


@pytest.mark.parametrize(
    ("error", "command"),
    [
        (exceptions.MissingDependencyException(msg="x"), "pip install 'botocore[crt]'"),
        (exceptions.RefreshWithMFAUnsupportedError(), "aws configure list-profiles"),
        (exceptions.InvalidIMDSEndpointError(endpoint="x"), "aws configure list"),
        (exceptions.InvalidIMDSEndpointModeError(mode="x", valid_modes="y"), "aws configure list"),
    ],
)
def test_what_botocore_cannot_do_is_named(error: Exception, command: str) -> None:
    assert command in fault_of(error).remedy


def test_the_profile_is_the_one_that_botocore_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "later")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "first")
    assert botocore.session.get_session().get_config_variable("profile") == "first"
    assert "--profile first" in renewal()


def test_the_profile_in_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    assert "aws sso login --profile production" in renewal()
