"""Credentials are read by one thread at a time, and every failure is a pause without a secret."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

from tests.answering import answering
from tests.aws.test_clients import Failing
from tests.aws.test_credentials import SECRET, clients, own, refused
from webapp.aws.clients import Clients
from webapp.aws.credentials import CredentialsUnusable
from webapp.aws.errors import AccessDenied, aws_errors
from webapp.aws.sessions import FAILURE_SHARED_S, Sessions, read_time

__all__ = ["own"]
REGION = "eu-central-1"
KEYS = f"aws_access_key_id = AKIDX\naws_secret_access_key = {SECRET}\n"
GIVEN = {"SessionToken": "t", "Version": 1, "AccessKeyId": "A", "SecretAccessKey": "B"}


def sessions(clock: Callable[[], float] = time.monotonic) -> Sessions:
    return Sessions(before_reading=lambda: None, clock=clock)


PYTHON = f"{sys.executable} -c"


@pytest.mark.parametrize(
    ("command", "printed", "said"),
    [
        ("/no/such/program", "", "No such file or directory"),
        ("cat {}", "no JSON", "JSONDecodeError"),
        ("cat {}", json.dumps(GIVEN | {"Expiration": "never"}), "ParserError"),
        (f"{PYTHON} 'import os; os.write(2, bytes([255])); 1/0'", "", "UnicodeDecodeError"),
        (f"{PYTHON} 'import sys; sys.exit(str(7) + chr(10) + str(8))'", "", "7 8"),
    ],
)
def test_a_credential_process_that_fails_is_a_pause(
    tmp_path: Path, command: str, printed: str, said: str
) -> None:
    (tmp_path / "printed").write_text(printed)
    run = command.format(tmp_path / "printed")
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {run}\n")
    error = refused(clients())
    assert said in error.detail
    assert "aws sts get-caller-identity" in error.remedy


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"},
            "/no/such",
        ),
        (
            {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/x",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/such",
            },
            "/no/such",
        ),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.org/x"}, "example.org"),
    ],
)
def test_what_a_container_is_given_and_cannot_be_read_is_a_pause(
    own: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    own.setenv("AWS_DEFAULT_REGION", REGION)
    for name, value in variables.items():
        own.setenv(name, value)
    assert said in refused(clients()).detail


def test_nobody_is_asked_for_the_code_of_an_mfa_device(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = other\n"
        "mfa_serial = arn:aws:iam::1:mfa/x\nregion = eu-central-1\n"
        f"[profile other]\n{KEYS}"
    )
    error = refused(clients())
    assert "MFA device" in error.detail
    assert "aws configure list-profiles" in error.remedy


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_SESSION_TOKEN", f"{SECRET}\n", "session token of the credentials contains a line"),
        ("AWS_ACCESS_KEY_ID", f"{SECRET}\r\n", "access key id of the credentials contains a line"),
        (
            "AWS_SECRET_ACCESS_KEY",
            f"{SECRET} x",
            "secret access key of the credentials contains wh",
        ),
        ("AWS_SESSION_TOKEN", f"{SECRET}é", "contains a character that no credential has"),
        ("AWS_SESSION_TOKEN", f"{SECRET}\x00"[:-1] + "\x7f", "contains a character"),
    ],
)
def test_credentials_that_cannot_be_sent_are_not_shown(
    own: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    own.setenv("AWS_ACCESS_KEY_ID", "AKIDX")
    own.setenv("AWS_SECRET_ACCESS_KEY", "x")
    own.setenv(name, value)
    error = refused(clients())
    assert said in error.detail
    assert SECRET not in str(error)
    assert error.__suppress_context__


SSO_CONFIG = """
[default]
sso_session = work
sso_account_id = 210987654321
sso_role_name = egret
region = eu-central-1
[sso-session work]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-central-1
sso_registration_scopes = sso:account:access
"""
SSO_PROGRAM = """
import hashlib, pathlib, sys
from webapp.aws.clients import Clients
from webapp.aws.errors import AccessDenied, aws_errors
cache = pathlib.Path.home() / ".aws/sso/cache"
cache.mkdir(parents=True)
file = cache / (hashlib.sha1(b"work").hexdigest() + ".json")
for text in sys.argv[1:]:
    file.write_text(text)
    try:
        Clients("http://127.0.0.1:9", attempts=1).ec2("eu-central-1").describe_vpcs()
    except AccessDenied as error:
        print(" ".join(str(error).split()))
"""


def test_a_sign_in_by_sso_that_cannot_be_read_is_a_pause(tmp_path: Path) -> None:
    """In another process: botocore looks up the home folder when it is imported."""
    (tmp_path / "config").write_text(SSO_CONFIG)
    told = subprocess.run(
        [
            *(sys.executable, "-c", SSO_PROGRAM, "garbage", "{}"),
            json.dumps({"accessToken": SECRET, "expiresAt": "no"}),
            json.dumps({"accessToken": SECRET, "expiresAt": None}),
            json.dumps({"accessToken": f"{SECRET}\n", "expiresAt": "2999-01-01T00:00:00Z"}),
        ],
        env=os.environ | {"AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = told.stdout.splitlines()
    assert len(lines) == 5
    assert all("Run: aws" in line for line in lines)
    assert "cannot be sent" in lines[4]
    assert SECRET not in told.stdout + told.stderr


def test_a_failure_is_shared_for_a_while_and_then_the_configuration_is_read_again(
    tmp_path: Path,
) -> None:
    now = [0.0]
    made = sessions(clock=lambda: now[0])
    with pytest.raises(CredentialsUnusable):
        made.current()
    (tmp_path / "credentials").write_text(f"[default]\n{KEYS}")
    with pytest.raises(CredentialsUnusable):
        made.current()
    now[0] += FAILURE_SHARED_S
    found: Any = made.current().get_credentials()
    assert found.get_frozen_credentials().access_key == "AKIDX"


def test_threads_that_wait_share_one_failure(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    slow = (
        f'{sys.executable} -c \'import time; open("{ran}", "a").write("x"); time.sleep(0.3); 1/0\''
    )
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {slow}\n")
    given_back: list[int] = []
    made = Clients("http://127.0.0.1:9", before_call=lambda: given_back.append(1))

    def use(_: int) -> None:
        with pytest.raises(AccessDenied):
            made.ec2(REGION)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(use, range(4)))
    assert ran.read_text() == "x"
    assert len(given_back) == 4


class Renewed:
    """Credentials that a provider renews, each time by another answer."""

    def __init__(self, *answers: Any) -> None:
        self._answers = iter(answers)

    def __call__(self) -> dict[str, str]:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def test_a_renewal_that_fails_is_a_pause_and_the_next_session_is_new(own: Any) -> None:
    refusal = ClientError({"Error": {"Code": "ForbiddenException", "Message": "No"}}, "GetRole")
    soon = {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": "2000-01-01T00:00Z"}
    found = RefreshableCredentials.create_from_metadata(
        soon, refresh_using=Renewed(refusal), method="sso"
    )
    own.setenv("AWS_ACCESS_KEY_ID", "AKIDX")
    own.setenv("AWS_SECRET_ACCESS_KEY", "x")
    now = [0.0]
    made = sessions(clock=lambda: now[0])
    first = made.current()
    with pytest.raises(CredentialsUnusable) as raised:
        made.share(found.get_frozen_credentials)
    assert "ForbiddenException" in str(raised.value)
    assert raised.value.answer is refusal
    now[0] += FAILURE_SHARED_S
    assert made.current() is not first


def test_a_client_pauses_when_its_credentials_can_no_longer_be_renewed(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)  # botocore renews them at each call
    printed = tmp_path / "printed"
    printed.write_text(json.dumps(GIVEN | {"Expiration": soon.isoformat()}))
    (tmp_path / "config").write_text(f"[default]\ncredential_process = cat {printed}\n")
    made = clients()
    client = made.ec2(REGION)
    printed.unlink()
    with pytest.raises(AccessDenied) as raised, aws_errors("listing the VPCs", REGION):
        client.describe_vpcs()
    assert "While listing the VPCs" in raised.value.detail
    assert "No such file" in raised.value.detail
    assert refused(made).detail.count("No such file") == 1


def test_a_given_session_is_used_as_it_is() -> None:
    given = boto3.Session()
    assert Sessions(given, before_reading=lambda: None).current() is given


class Refusing(Failing):
    """Answers that the token has expired."""

    def do_POST(self) -> None:
        answer = b'{"__type": "ExpiredTokenException", "message": "expired"}'
        self.send_response(400)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def test_after_an_answer_that_they_have_expired_credentials_are_read_again(
    tmp_path: Path,
) -> None:
    def write(key: str) -> None:
        (tmp_path / "credentials").write_text(
            f"[default]\naws_access_key_id = {key}\naws_secret_access_key = x\n"
        )

    write("AKIDOLD")
    with answering(HTTPServer(("127.0.0.1", 0), Refusing)) as server:
        clients = Clients(f"http://127.0.0.1:{server.server_port}", attempts=1)
        old: Any = clients.secretsmanager(REGION)
        write("AKIDNEW")
        assert clients.secretsmanager(REGION) is old
        with pytest.raises(ClientError, match="ExpiredTokenException"):
            old.list_secrets()
        new: Any = clients.secretsmanager(REGION)
    assert new._request_signer._credentials.access_key == "AKIDNEW"


@pytest.mark.parametrize("sent", ["2026-01-02T03:04:05.6Z", "2026-01-02T03:04:05+01:00", 3.5])
def test_times_are_read_as_botocore_reads_them(sent: Any) -> None:
    found, expected = read_time(sent), parse_timestamp(sent)
    assert (found, found.utcoffset()) == (expected, expected.utcoffset())
