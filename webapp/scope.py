"""What a service works with on behalf of someone.

A service's signature says what it touches: with a `session` it reads the database, with a `Scope`
it changes it and records who did so, with a `CloudScope` it also calls AWS. `deps` makes a scope
for each request; the background loop makes one when it acts by itself.

`cloud_of` is the one place that knows which account's AWS a row is in.
"""

import socket
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol

from sqlmodel import Session

import webapp.audit_chain  # noqa: F401 - chains the events that sessions get
from webapp.aws import Cloud
from webapp.aws.accounts import AccountRole
from webapp.models import Account, AuditEvent, AuditResult, folded
from webapp.settings import Settings

EGRET = "egret"
"""The actor of what the background loop does by itself."""
NOBODY = "nobody"
"""The actor of who has not signed in."""
OF_NOBODY = frozenset({"command line", EGRET, "idle", NOBODY, "schedule", "setup"})
"""The actors that are no people. A program's actor is `token` and the token's name."""


def may_be_a_person(name: str) -> bool:
    """Whether a person of that name cannot be mistaken for another actor in the audit trail."""
    plain = folded(name)
    return plain not in OF_NOBODY and not plain.startswith("token ")


class Placed(Protocol):
    """What is in an account: a row, or a site."""

    @property
    def account_id(self) -> str | None: ...


class Subject(Protocol):
    """What the audit trail needs to know of a thing."""

    @property
    def noun(self) -> str: ...

    @property
    def audit_name(self) -> str: ...


def cloud_of(session: Session, cloud: Cloud, settings: Settings, placed: Placed) -> Cloud:
    """The adapters to the account that the row, or site, is in, found from those to any one."""
    if placed.account_id is None:
        return cloud.of(None)
    return cloud.of(role_of(session.get_one(Account, placed.account_id), settings))


def role_of(account: Account, settings: Settings) -> AccountRole:
    region = settings.home_region
    return AccountRole(account.name, account.role_arn, account.external_id, region)


@dataclass(frozen=True)
class Thing:
    """A subject that has no row, or whose row is not known."""

    noun: str
    audit_name: str


@dataclass(frozen=True)
class Origin:
    """Whence the actor asks, and with what role."""

    role: str = ""
    client_address: str = ""
    request_id: str = ""

    @property
    def is_anonymous(self) -> bool:
        """Of a request: who has signed in has a role."""
        return not self.role


THIS_MACHINE = Origin(client_address=socket.gethostname())
"""Of what is done without a request: by the command line, and by the background loop."""


@dataclass(frozen=True)
class Scope:
    """The database, on behalf of `actor`."""

    session: Session
    actor: str
    origin: Origin = field(default=THIS_MACHINE, kw_only=True)

    def record(
        self,
        action: str,
        subject: Subject,
        detail: str = "",
        *,
        result: AuditResult = AuditResult.DONE,
        code: str = "",
    ) -> None:
        """Add to the audit trail. It is written with the change, when that is committed."""
        self.session.add(
            AuditEvent(
                actor=self.actor,
                action=action,
                noun=subject.noun,
                name=subject.audit_name,
                detail=detail,
                result=result,
                code=code,
                **asdict(self.origin),
            )
        )


@dataclass(frozen=True)
class CloudScope(Scope):
    """The same with AWS, and with the settings that say how things are named there.

    `own` is the cloud of the dashboard's own account; that of a row is `cloud_of` it.
    """

    own: Cloud
    settings: Settings

    def cloud_of(self, placed: Placed) -> Cloud:
        return cloud_of(self.session, self.own, self.settings, placed)

    def acting_as(self, actor: str) -> "CloudScope":
        return replace(self, actor=actor)
