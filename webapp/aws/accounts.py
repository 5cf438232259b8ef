"""Other AWS accounts: Egret assumes a role there, with an external id that it has made.

The credentials of a role last an hour and renew themselves before they end. An hour is the most
that AWS allows where the dashboard's own credentials are those of a role ("role chaining"), and
what every role allows unless it was given less.

All accounts share the clients of the dashboard's own. Whose credentials sign a call is decided when
it is signed, by the account that makes it (`acting`).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from webapp.aws.credentials import RoleRefused

if TYPE_CHECKING:
    from botocore.credentials import DeferredRefreshableCredentials

SESSION_NAME = "Egret"
"""How CloudTrail of the other account shows who acts."""
SESSION_S = 3600
EXTERNAL_ID_BYTES = 32
ROLE_ARN = re.compile(r"arn:(?P<partition>[a-z-]+):iam::(?P<number>\d{12}):role/[\w+=,.@/-]{1,512}")
REFUSED = "AccessDenied"


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


class Acting(Protocol):
    """The clients of another account."""

    number: str

    def credentials(self) -> Any:
        """Those of its role, as they are now. Raises CredentialsUnusable."""

    def note_refusal(self) -> None:
        """AWS has refused them."""


_acting: ContextVar[Acting | None] = ContextVar("acting", default=None)


def acting() -> Acting | None:
    """Whose call this thread is making; None for the dashboard's own account."""
    return _acting.get()


@contextmanager
def acting_as(who: Acting | None) -> Iterator[None]:
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)


class ByAccount:
    """The credentials of a client that all accounts use: those of whose call it is."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def get_frozen_credentials(self) -> Any:
        who = acting()
        if who is None:
            return self._own.get_frozen_credentials()
        with acting_as(None):  # a role is assumed with the dashboard's own
            return who.credentials()

    def __getattr__(self, name: str) -> Any:
        """The key, the token and the account; clients ask for each of them by itself."""
        return getattr(self.get_frozen_credentials(), name)


def client_for(who: Acting, own: Any) -> Any:
    """The dashboard's own client, with another account as whose all its calls are made.

    It shares everything with that one: making another takes botocore milliseconds, and 170 KiB.
    Its paginators and waiters make their calls by it, and so for the account as well.
    """
    made: Any = object.__new__(_acting_class(own.__class__))
    made.__dict__.update(own.__dict__, acts_as=who)
    return made


@cache
def _acting_class(kind: Any) -> type:
    def make_api_call(self: Any, operation_name: str, api_params: Any) -> Any:
        with acting_as(self.acts_as):
            return kind._make_api_call(self, operation_name, api_params)

    return type(kind.__name__, (kind,), {"_make_api_call": make_api_call})
