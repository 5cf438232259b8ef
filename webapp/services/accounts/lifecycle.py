"""What admins do with an account: add it, connect it once its role is there, remove it.

Connecting tries the role as an attacker would. A role that lets Egret in without its external id,
or with another one, would let in everybody who gets Egret to name it: AWS calls that the confused
deputy problem. Such a role is not connected, and one that was is not any more.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

import re

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.aws.accounts import ROLE_ARN, AccountRole, new_external_id
from webapp.aws.errors import AccessDenied
from webapp.aws.partitions import partition
from webapp.errors import Conflict, Invalid, check_all
from webapp.models import OWN, Account, AccountStatus, Connection, NewAccount, Site
from webapp.models.rules import ACCOUNT_NUMBER
from webapp.scope import CloudScope, role_of
from webapp.services import names
from webapp.services.accounts.details import get, own_identity
from webapp.services.accounts.listing import detail
from webapp.services.accounts.setup import place_of
from webapp.services.engine import leases

NUMBER = re.compile(ACCOUNT_NUMBER)
CONFUSED_DEPUTY = "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
PROPOSED = Connection()
ROUNDS = "region"
"""How the leases of rounds begin; see `webapp.rounds`."""


def add(scope: CloudScope, new: NewAccount) -> Account:
    """Remember it, and make its external id. Nothing is asked of it yet.

    Raises Invalid with every field's error, Conflict for a taken name or number.
    """
    check_all(lambda: _check_name(new.name), lambda: _check_number(new.number))
    if own_identity(scope).account == new.number:
        raise Invalid(
            "This is the dashboard's own account, which is there already.", field="number"
        )
    account = Account(
        name=new.name,
        number=new.number,
        role_arn=place_of(scope.settings, new.number).account_role_arn,
        external_id=new_external_id(),
    )
    _check_free(scope.session, account)
    scope.session.add(account)
    scope.record("add", account, account.number)
    try:
        scope.session.commit()
    except IntegrityError:  # another request added it at the same moment
        scope.session.rollback()
        _check_free(scope.session, account)
        raise
    return account


def connect(scope: CloudScope, name: str, connection: Connection = PROPOSED) -> Account:
    """Try the role, and let things be created in the account if it is as it must be.

    Raises Invalid for an ARN that cannot be its role, Conflict for a role that does not let Egret
    in, lets it in without the external id, or may not do what Egret needs. Another role than the
    one that Egret acts by changes nothing then.
    """
    account = get(scope.session, name)
    wanted = _check_arn(scope, account, connection.role_arn or account.role_arn)
    role = role_of(account.model_copy(update={"role_arn": wanted}), scope.settings)
    scope.session.commit()  # nothing of the database is held while AWS is asked
    try:
        _try_with_id(scope, account, role)
        _try_without(scope, account, role)
    except Conflict:
        if account.status is AccountStatus.CONNECTED and wanted == account.role_arn:
            _set(scope, account, AccountStatus.PENDING, "disconnect")
        raise
    _try_rights(scope, account, role)
    account.role_arn = wanted
    for region in scope.settings.region_names:
        leases.make_due(scope.session, f"{ROUNDS}:{Site(account.id, region)}")
    _set(scope, account, AccountStatus.CONNECTED, "connect")
    return account


def remove(scope: CloudScope, name: str, *, typed: str) -> None:
    """Forget it. Its role and policies stay in AWS. Refused while anything is in it."""
    if name == OWN:
        raise Conflict(
            "The dashboard's own account is always there.",
            code="own_account",
            link=("/accounts", "Open Accounts"),
        )
    found = detail(scope, name)
    names.check_typed(typed, name, "removed")
    if found.has:
        raise _not_empty(name, found.has)
    scope.record("remove", get(scope.session, name), found.number)
    scope.session.delete(get(scope.session, name))
    try:
        scope.session.commit()
    except IntegrityError:  # something was created in it at the same moment
        scope.session.rollback()
        raise _not_empty(name, detail(scope, name).has) from None


def _set(scope: CloudScope, account: Account, status: AccountStatus, action: str) -> None:
    account.status = status
    scope.session.add(account)
    scope.record(action, account, account.role_arn)
    scope.session.commit()


def _try_with_id(scope: CloudScope, account: Account, role: AccountRole) -> None:
    """Also that the role is in the account: STS says whose session it is."""
    found = scope.own.of(None).identities.assume(role, role.external_id)
    if found is None:
        raise Conflict(
            f"AWS does not let Egret assume {role.arn} with its external id.",
            code="role_refused",
            remedy="Check that the role is there, that its trust policy is exactly the one shown "
            "here, and that the dashboard's own policy allows sts:AssumeRole on it (egret policy "
            "--apply brings that up to date). IAM takes some seconds to know a new role.",
            about=[account],
        )
    if found.account != role.number:
        raise Conflict(
            f"The session of {role.arn} is of the account {found.account}, not {role.number}.",
            code="wrong_account",
            remedy="Name the role of the account itself.",
            about=[account],
        )


def _try_without(scope: CloudScope, account: Account, role: AccountRole) -> None:
    identities = scope.own.of(None).identities
    for tried, external_id in (("without any", None), ("with a wrong one", new_external_id())):
        if identities.assume(role, external_id) is not None:
            raise Conflict(
                f"The role {role.arn} can be assumed {tried} external id, so anybody who makes "
                "Egret, or a program like it, name this role could act in the account "
                f"(AWS calls it the confused deputy problem: {CONFUSED_DEPUTY}).",
                code="works_without_external_id",
                remedy="Give the role exactly the trust policy that is shown here, with the "
                "condition on sts:ExternalId, and connect it again.",
                about=[account],
            )


def _try_rights(scope: CloudScope, account: Account, role: AccountRole) -> None:
    """Raises Conflict for a role without its policies: two cheap calls, which change nothing."""
    cloud, region = scope.own.of(role), scope.settings.home_region
    try:
        _ask(cloud, region, scope.settings.name_prefix)
    except AccessDenied as error:
        raise Conflict(
            f"The role {role.arn} may not do what Egret needs. {error.detail}",
            code="role_lacks_permissions",
            remedy=f"Attach the policies that are shown here to it. {error.remedy}",
            about=[account],
        ) from error


def _ask(cloud: Cloud, region: str, prefix: str) -> None:
    cloud.addresses.list_all(region)
    cloud.stacks.describe(region, f"{prefix}-foundation")


def _check_name(name: str) -> None:
    names.check_name(name)
    if name == OWN:
        raise Invalid(f"{OWN} is the dashboard's own account.", code="bad_name", field="name")


def _check_number(number: str) -> None:
    if not NUMBER.fullmatch(number):
        raise Invalid("An account's number has 12 digits, such as 111122223333.", field="number")


def _check_arn(scope: CloudScope, account: Account, arn: str) -> str:
    match = ROLE_ARN.fullmatch(arn)
    here = partition(scope.settings.home_region)
    if match is None or match["partition"] != here:
        raise Invalid(
            f"A role's ARN looks like {place_of(scope.settings, account.number).account_role_arn}.",
            field="role_arn",
        )
    if match["number"] != account.number:
        raise Invalid(
            f"This role is in the account {match['number']}, but {account.name} is "
            f"{account.number}.",
            field="role_arn",
        )
    return arn


def _check_free(session: Session, account: Account) -> None:
    rows = select(Account).where(
        (Account.name == account.name) | (Account.number == account.number)
    )
    for row in session.exec(rows).all():
        if row.name == account.name:
            raise names.taken("account", account.name)
        raise Conflict(
            f"The account {account.number} is here already, as {row.name}.",
            code="account_known",
            about=[row],
            errors={"number": f"This account is here already, as {row.name}."},
        )


def _not_empty(name: str, has: dict[str, int]) -> Conflict:
    nouns = {"address": "addresses"}
    told = [
        f"{number} {noun if number == 1 else nouns.get(noun, f'{noun}s')}"
        for noun, number in has.items()
    ]
    return Conflict(
        f"The account {name} has {', '.join(told)}.",
        code="account_not_empty",
        remedy="Delete the functions, keys and networks in it and release its addresses first.",
        link=(f"/accounts/{name}", f"Open {name}"),
    )
