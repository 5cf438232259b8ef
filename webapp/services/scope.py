"""What a service works with on behalf of someone.

A service's signature says what it touches: with a `session` it reads the database, with a `Scope`
it changes it and records who did so, with a `CloudScope` it also calls AWS. `deps` makes a scope
for each request; the background loop makes one when it acts by itself.
"""

import socket
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol

from sqlmodel import Session

import webapp.audit_chain  # noqa: F401 - chains the events that sessions get
from webapp.aws import Cloud
from webapp.models import AuditEvent, AuditResult, folded
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


class Subject(Protocol):
    """What the audit trail needs to know of a thing."""

    @property
    def noun(self) -> str: ...

    @property
    def audit_name(self) -> str: ...


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
    """The same with AWS, and with the settings that say how things are named there."""

    cloud: Cloud
    settings: Settings

    def acting_as(self, actor: str) -> "CloudScope":
        return replace(self, actor=actor)
