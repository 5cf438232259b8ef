"""Accounts as pages and the API show them, and which one a thing is in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import Session, col, func, select

from webapp.aws.identities import Identity
from webapp.errors import EgretError, Invalid, NotFound
from webapp.models import (
    OWN,
    Account,
    AccountStatus,
    Address,
    Function,
    Key,
    Network,
    Site,
    shown_as,
)
from webapp.services.scope import CloudScope, Placed
from webapp.settings import Settings

IN_ACCOUNTS = (Network, Function, Key, Address)


class Named(Placed, Protocol):
    @property
    def noun(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class AccountDetail:
    """`account` is None for the dashboard's own; `number` is empty while AWS has not told it.

    `has` counts what is in it: `{"network": 2, …}`, without zeros.
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


def list_all(scope: CloudScope) -> list[AccountDetail]:
    """The own one first, then by name."""
    rows, has = _rows(scope.session), _contents(scope.session)
    own = AccountDetail(None, _own_number(scope), has.get(None, {}))
    return [own, *(AccountDetail(row, row.number, has.get(row.id, {})) for row in rows)]


def detail(scope: CloudScope, name: str) -> AccountDetail:
    """Raises NotFound."""
    row = get(scope.session, name) if name != OWN else None
    has = _contents(scope.session).get(row.id if row else None, {})
    return AccountDetail(row, row.number if row else _own_number(scope), has)


def find(session: Session, name: str) -> Account | None:
    return session.exec(select(Account).where(Account.name == name)).first()


def get(session: Session, name: str) -> Account:
    row = find(session, name)
    if row is None:
        raise NotFound(f"There is no account named {name}.", remedy="It may have been removed.")
    return row


def names(session: Session) -> dict[str, str]:
    """By id; the own one has none."""
    return {row.id: row.name for row in _rows(session)}


def choices(session: Session) -> list[str]:
    """The names of those that things can be created in; [] while there is only the own one."""
    rows = _rows(session)
    connected = [row.name for row in rows if row.status is AccountStatus.CONNECTED]
    return [OWN, *connected] if connected else []


def sites(session: Session, settings: Settings) -> list[Site]:
    """Every region of every connected account, those of the own one first."""
    connected = [row.id for row in _rows(session) if row.status is AccountStatus.CONNECTED]
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
        known = ", ".join([OWN, *names(session).values()])
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
    known = names(session)
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


def _own_number(scope: CloudScope) -> str:
    try:
        return own_identity(scope).account
    except EgretError:  # the page says so anyway where it matters
        return ""


def _rows(session: Session) -> Sequence[Account]:
    return session.exec(select(Account).order_by(col(Account.name))).all()


def _contents(session: Session) -> dict[str | None, dict[str, int]]:
    """How many of each kind an account has, by its id."""
    found: dict[str | None, dict[str, int]] = {}
    for model in IN_ACCOUNTS:
        counts = select(model.account_id, func.count()).group_by(col(model.account_id))
        for account_id, number in session.exec(counts).all():
            found.setdefault(account_id, {})[model.__name__.lower()] = number
    return found
