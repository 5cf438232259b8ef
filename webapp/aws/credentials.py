"""What is wrong with the credentials when botocore finds none that work, and the command to run.

botocore raises such errors of its own, before AWS is asked. None of them passes by itself, and all
are over once someone has run a command on this machine.
"""

import os
import shlex
from typing import NamedTuple

from botocore.exceptions import (
    ConfigNotFound,
    ConfigParseError,
    CredentialRetrievalError,
    InvalidConfigError,
    LoginError,
    MetadataRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    UnknownCredentialError,
)

STILL_EXPIRED = "still expired"
"""In the RuntimeError that botocore raises when what renews credentials gives old ones."""
HOP_LIMIT = (
    "aws ec2 modify-instance-metadata-options --instance-id ID --region REGION "
    "--http-put-response-hop-limit 2"
)
"""A container is one hop further from the instance's metadata than the instance itself."""


class Fault(NamedTuple):
    """What is wrong, as the end of a sentence, and what to run."""

    what: str
    remedy: str


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
        (CredentialRetrievalError, MetadataRetrievalError, RuntimeError),
        Fault(
            "the credentials cannot be read or renewed ({error})",
            "Run: aws sts get-caller-identity{as}. It fails until what provides them works.",
        ),
    ),
    (
        (ConfigNotFound, ConfigParseError, InvalidConfigError, UnknownCredentialError),
        Fault(
            "AWS's configuration cannot be used ({error})",
            "Correct it; this shows what is read: aws configure list{as}",
        ),
    ),
)


def fault_of(error: Exception) -> Fault | None:
    """None when the error is not about credentials."""
    if isinstance(error, RuntimeError) and STILL_EXPIRED not in str(error):
        return None
    values = {k: shlex.quote(str(v)) for k, v in getattr(error, "kwargs", {}).items()}
    values |= {"error": str(error), "as": _profile()}
    for kinds, fault in _FAULTS:
        if isinstance(error, kinds):
            return Fault(*(text.format(**values) for text in fault))
    return None


def renewal() -> str:
    """What to run when AWS answers that the credentials have expired."""
    return (
        f"Renew them: for SSO, run: aws sso login{_profile()}. Credentials in environment "
        "variables cannot be renewed: start Egret again with new ones, or with a profile or role."
    )


def _profile() -> str:
    """The option that names the profile in use; '' for the default one."""
    name = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or ""
    return f" --profile {shlex.quote(name)}" if name and name != "default" else ""
