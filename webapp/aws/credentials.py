"""What is wrong with the credentials when botocore finds none that work, and the command to run.

botocore raises such errors of its own, before AWS is asked. Few of them pass by themselves, and all
are over once someone has run a command on this machine.
"""

import os
import re
import shlex
from typing import NamedTuple

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    InvalidConfigError,
    InvalidIMDSEndpointError,
    InvalidIMDSEndpointModeError,
    LoginError,
    MissingDependencyException,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    RefreshWithMFAUnsupportedError,
    SSOError,
    TokenRetrievalError,
    UnknownCredentialError,
)

ERROR_MAX_CHARS = 300
HOP_LIMIT = (
    "aws ec2 modify-instance-metadata-options --instance-id ID --region REGION "
    "--http-put-response-hop-limit 2"
)
"""A container is one hop further from the instance's metadata than the instance itself."""


_SHOWS_A_HEADER = re.compile(r"header value|header part", re.IGNORECASE)


class MfaNeeded(BotoCoreError):
    fmt = "the profile asks for the code of an MFA device"


class UnusableCharacter(BotoCoreError):
    fmt = "the {name} contains {what}"


class RoleRefused(BotoCoreError):
    """AWS did not let Egret assume the role of another account."""

    fmt = "{answer}"


class Fault(NamedTuple):
    """What is wrong, as the end of a sentence, and what to run."""

    what: str
    remedy: str


class CredentialsUnusable(BotoCoreError):
    """`answer` is AWS's, if it is AWS that refused."""

    fmt = "{what}"
    answer: ClientError | None = None

    def __init__(self, fault: Fault) -> None:
        super().__init__(what=fault.what)
        self.fault = fault


_FAULTS: tuple[tuple[tuple[type[Exception], ...], Fault], ...] = (
    (
        (SSOError,),
        Fault(
            "the sign-in by SSO has expired or cannot be read ({error})", "Run: aws sso login{as}"
        ),
    ),
    (
        (LoginError,),
        Fault("the sign-in has expired or cannot be read ({error})", "Run: aws login{as}"),
    ),
    (
        (TokenRetrievalError, NoAuthTokenError),
        Fault("there is no valid token ({error})", "Run: aws sso login{as}"),
    ),
    (
        (ProfileNotFound,),
        Fault(
            "there is no profile {profile} in AWS's configuration",
            "Run: aws configure --profile {profile} (for SSO: aws configure sso --profile "
            "{profile}). Or set AWS_PROFILE to one that this lists: aws configure list-profiles",
        ),
    ),
    (
        (PartialCredentialsError,),
        Fault(
            "the credentials are not complete: {cred_var} is missing in {provider}",
            "Set it too, or run: aws configure{as}",
        ),
    ),
    (
        (NoCredentialsError,),
        Fault(
            "there are no AWS credentials",
            "Give the process a role or a profile, or run: aws configure{as}. On EC2, attach a "
            f"role to the instance; for a container there, run: {HOP_LIMIT}",
        ),
    ),
    (
        (UnusableCharacter,),
        Fault(
            "the {name} of the credentials contains {what}, so it cannot be sent (it is from: "
            "{source})",
            "Set it again without that, or run: aws configure{as}",
        ),
    ),
    (
        (MfaNeeded, RefreshWithMFAUnsupportedError),
        Fault(
            "the profile asks for the code of an MFA device, which Egret cannot enter",
            "Give it a role, or a profile without mfa_serial. This lists them: "
            "aws configure list-profiles",
        ),
    ),
    (
        (RoleRefused,),
        Fault(
            "AWS does not let Egret assume {role} of the account {account} ({error})",
            "Make that role's trust policy the one that the page Accounts shows, and see that "
            "the dashboard's own policy allows sts:AssumeRole on it",
        ),
    ),
    (
        (MissingDependencyException,),
        Fault(
            "the credentials need a part of botocore that is not installed ({error})",
            "Run: pip install 'botocore[crt]'",
        ),
    ),
    (
        (
            ConfigNotFound,
            ConfigParseError,
            InvalidConfigError,
            InvalidIMDSEndpointError,
            InvalidIMDSEndpointModeError,
            UnknownCredentialError,
        ),
        Fault(
            "AWS's configuration cannot be used ({error})",
            "Correct it; this shows what is read: aws configure list{as}",
        ),
    ),
    (
        (Exception,),
        Fault(
            "the credentials cannot be read or renewed ({error})",
            "Run: aws sts get-caller-identity{as}. It fails until what provides them works.",
        ),
    ),
)


def fault_of(error: Exception) -> Fault:
    """The fault behind whatever was raised while credentials were read or renewed."""
    values = {k: shlex.quote(str(v)) for k, v in getattr(error, "kwargs", {}).items()}
    if isinstance(error, UnusableCharacter):
        values = dict(error.kwargs)
    values |= {"error": _in_words(error), "as": _profile()}
    found = next(fault for kinds, fault in _FAULTS if isinstance(error, kinds))
    return Fault(*(text.format(**values) for text in found))


def _in_words(error: Exception) -> str:
    """Of an error that is not written for people only its kind: its text may have a secret."""
    is_readable = isinstance(error, BotoCoreError | ClientError | OSError | RuntimeError)
    text = " ".join(str(error).split())
    if _SHOWS_A_HEADER.search(text):
        return "they cannot be sent in a header"
    if not is_readable and type(error) is not ValueError:
        return f"{type(error).__name__}: what was read is not what AWS's tools write"
    return text[:ERROR_MAX_CHARS]


def renewal() -> str:
    """What to run when AWS answers that the credentials have expired."""
    return (
        f"Renew them: for SSO, run: aws sso login{_profile()}. Credentials in environment "
        "variables cannot be renewed: start Egret again with new ones, or with a profile or role."
    )


def _profile() -> str:
    """The option that names the profile in use; '' for the default one. botocore's order."""
    environment = os.environ
    name = environment.get("AWS_DEFAULT_PROFILE", environment.get("AWS_PROFILE", ""))
    return f" --profile {shlex.quote(name)}" if name and name != "default" else ""
