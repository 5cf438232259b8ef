"""Other AWS accounts: Egret assumes a role there, with an external id that it has made.

The credentials of a role last an hour and renew themselves before they end. An hour is the most
that AWS allows where the dashboard's own credentials are those of a role ("role chaining"), and
what every role allows unless it was given less.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from webapp.aws.credentials import RoleRefused

if TYPE_CHECKING:
    from botocore.credentials import DeferredRefreshableCredentials
    from botocore.session import Session

SESSION_NAME = "Egret"
"""How CloudTrail of the other account shows who acts."""
SESSION_S = 3600
EXTERNAL_ID_BYTES = 32
ROLE_ARN = re.compile(r"arn:(?P<partition>[a-z-]+):iam::(?P<number>\d{12}):role/[\w+=,.@/-]{1,512}")
REFUSED = "AccessDenied"
COMPONENTS = ("data_loader", "response_parser_factory")


@dataclass(frozen=True)
class AccountRole:
    """A role of another account. `account` is Egret's name of it, for messages.

    `region` is where STS is asked for its credentials.
    """

    account: str
    arn: str
    external_id: str = field(repr=False)
    region: str

    @property
    def number(self) -> str:
        """Of the account that the role is in."""
        return self.arn.split(":")[4]


def new_external_id() -> str:
    """256 random bits, in letters that a trust policy takes: nobody can guess another's."""
    return secrets.token_urlsafe(EXTERNAL_ID_BYTES)


def in_account(arn: str, number: str) -> str:
    """The ARN of what has the same name in that account; what is AWS's own stays."""
    parts = arn.split(":", 5)
    if not number or len(parts) < 6 or not parts[4].isdigit():
        return arn
    return ":".join([*parts[:4], number, parts[5]])


def assume(sts: Any, role: AccountRole, external_id: str | None) -> dict[str, Any]:
    """STS's answer. Raises ClientError."""
    given = {} if external_id is None else {"ExternalId": external_id}
    answer: dict[str, Any] = sts.assume_role(
        RoleArn=role.arn, RoleSessionName=SESSION_NAME, DurationSeconds=SESSION_S, **given
    )
    return answer


def credentials_of(
    role: AccountRole, sts: Callable[[str], Any]
) -> "DeferredRefreshableCredentials":
    """Credentials that are asked for at the first use, and renewed before they end.

    `sts` gives the client for a region, with the dashboard's own credentials. Reading them raises
    RoleRefused when AWS does not let Egret assume the role.
    """
    from botocore.credentials import DeferredRefreshableCredentials

    def renew() -> dict[str, str]:
        try:
            given = assume(sts(role.region), role, role.external_id)["Credentials"]
        except ClientError as error:
            if error.response["Error"].get("Code") == REFUSED:
                raise RoleRefused(role=role.arn, account=role.account, answer=error) from None
            raise
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    return DeferredRefreshableCredentials(refresh_using=renew, method="assume-role")


@dataclass(frozen=True)
class Member:
    """What makes the clients of another account. Not a session of boto3's: each of those adds its
    handlers to the events again, and those are shared."""

    core: Any

    def client(self, service: str, **options: Any) -> Any:
        return self.core.create_client(service, **options)


def sibling(session: Any) -> "Session":
    """A session of botocore's that shares the loader, the events and more with a session of
    boto3's."""
    from botocore.session import Session

    own = session._session
    made = Session(event_hooks=own.get_component("event_emitter"), include_builtin_handlers=False)
    for name in COMPONENTS:
        made.register_component(name, own.get_component(name))
    return made
