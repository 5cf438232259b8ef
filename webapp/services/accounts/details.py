"""Accounts as pages and the API show them, and which one a thing is in."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from sqlmodel import Session, col, select

from webapp.aws.identities import Identity
from webapp.database.queries import Query
from webapp.errors import EgretError, Invalid, NotFound
from webapp.models import (
    OWN,
    Account,
    AccountStatus,
    Site,
    shown_as,
)
from webapp.scope import CloudScope, Placed
from webapp.settings import Settings

OFFERED_MAX = 50


class Named(Placed, Protocol):
    @property
    def noun(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class AccountDetail:
    """`account` is None for the dashboard's own; `number` is empty while AWS has not told it.

    `has` counts what is in it: `{"network": 2, …}`, without zeros; 1,001 stands for any more.
    """

    account: Account | None
    number: str
    has: dict[str, int]

    @property
    def name(self) -> str:
        return self.account.name if self.account else OWN

    @property
    def connected(self) -> bool:
        return self.account is None or self.account.status is AccountStatus.CONNECTED


def find(session: Session, name: str) -> Account | None:
    return session.exec(select(Account).where(Account.name == name)).first()


def get(session: Session, name: str) -> Account:
    row = find(session, name)
    if row is None:
        raise NotFound(f"There is no account named {name}.", remedy="It may have been removed.")
    return row


def names(session: Session, ids: Iterable[str | None]) -> dict[str, str]:
    """Those of the accounts with these ids, by id; the own one has none."""
    wanted = {id for id in ids if id}
    rows = select(Account.id, Account.name).where(col(Account.id).in_(wanted))
    return dict(session.exec(rows).all()) if wanted else {}


def choices(session: Session) -> list[str]:
    """The names of those that things can be created in, OFFERED_MAX at most beside the own one; []
    while there is only that one."""
    first = [name for (name,) in _connected().rows(session)]
    return [OWN, *first] if first else []


@cache
def _connected() -> Query:
    connected = select(Account.name).where(Account.status == AccountStatus.CONNECTED)
    return Query(connected.order_by(col(Account.name)).limit(OFFERED_MAX), raw=True)


def sites(session: Session, settings: Settings) -> list[Site]:
    """Every region of every connected account, those of the own one first."""
    rows = select(Account.id).where(Account.status == AccountStatus.CONNECTED)
    connected = session.exec(rows.order_by(col(Account.name))).all()
    return [Site(each, region) for each in (None, *connected) for region in settings.region_names]


def exists(session: Session, site: Site) -> bool:
    """Whether the account of the site is still there."""
    return site.account_id is None or session.get(Account, site.account_id) is not None


def site_named(session: Session, account: str, region: str) -> Site:
    """The region of the account of that name; of the own one for '' too. Raises Invalid."""
    if account in ("", OWN):
        return Site(None, region)
    row = find(session, account)
    if row is None:
        known = ", ".join(choices(session) or [OWN])
        raise Invalid(
            f"There is no account named {account}.",
            remedy=f"Choose one of: {known}.",
            field="account",
        )
    return Site(row.id, region)


def site_for(session: Session, account: str, region: str) -> Site:
    """The same, where something is to be created: raises Invalid until it is connected."""
    site = site_named(session, account, region)
    row = session.get(Account, site.account_id) if site.account_id else None
    if row and row.status is not AccountStatus.CONNECTED:
        raise Invalid(
            f"The account {account} is not connected yet.",
            code="account_not_connected",
            remedy="An admin connects it on the page Accounts.",
            field="account",
        )
    return site


def check_same(session: Session, one: Named, other: Named) -> None:
    """Raises Invalid, at the field that is called as `one`, when they are in different accounts."""
    if one.account_id == other.account_id:
        return
    known = names(session, [each.account_id for each in (one, other)])
    here, there = (shown_as(known, each.account_id) for each in (one, other))
    raise Invalid(
        f"The {one.noun} {one.name} is in the account {here}, the {other.noun} {other.name} in "
        f"{there}. A function, its network and its key are in one account.",
        code="other_account",
        remedy=f"Choose a {one.noun} of the account {there}, or create one there.",
        field=one.noun,
    )


def own_identity(scope: CloudScope) -> Identity:
    """Whom the dashboard acts as. Raises AwsError."""
    return scope.own.of(None).identities.current(scope.settings.home_region)


def own_number(scope: CloudScope) -> str:
    """Empty while AWS does not tell it."""
    try:
        return own_identity(scope).account
    except EgretError:  # the page says so anyway where it matters
        return ""
