"""What the API gives for accounts."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from webapp.models import AccountStatus
from webapp.services.accounts import AccountDetail, Setup


class AccountOut(BaseModel):
    """`role_arn`, `external_id` and `created_at` are null for the dashboard's own account, `number`
    is empty while AWS does not say it. The rest counts what is in it, 1,001 for
    more than 1,000."""

    name: str
    number: str
    status: AccountStatus
    role_arn: str | None
    external_id: str | None
    networks: int
    functions: int
    keys: int
    addresses: int
    created_at: datetime | None


def account_out(detail: AccountDetail) -> AccountOut:
    account, has = detail.account, detail.has
    return AccountOut(
        name=detail.name,
        number=detail.number,
        status=account.status if account else AccountStatus.CONNECTED,
        role_arn=account.role_arn if account else None,
        external_id=account.external_id if account else None,
        networks=has.get("network", 0),
        functions=has.get("function", 0),
        keys=has.get("key", 0),
        addresses=has.get("address", 0),
        created_at=account.created_at if account else None,
    )


class SetupOut(BaseModel):
    """`policies` are managed policies by name, `attached` those of them that the role gets.

    `command` makes all of it, run with the credentials of an administrator of the account.
    """

    role_name: str
    trust: dict[str, Any]
    policies: dict[str, dict[str, Any]]
    attached: list[str]
    command: str


def setup_out(setup: Setup) -> SetupOut:
    return SetupOut(
        role_name=setup.role_name,
        trust=setup.trust,
        policies=setup.policies,
        attached=setup.attached,
        command=setup.command,
    )
