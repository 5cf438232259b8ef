"""What a service works with on behalf of someone.

A service's signature says what it touches: with a `session` it reads the database, with a `Scope`
it changes it and records who did so, with a `CloudScope` it also calls AWS. `deps` makes a scope
for each request; the background loop makes one when it acts by itself.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.models import AuditEvent
from webapp.settings import Settings

EGRET = "egret"
"""The actor of what the background loop does by itself."""


class Subject(Protocol):
    """What the audit trail needs to know of a thing."""

    @property
    def noun(self) -> str: ...

    @property
    def audit_name(self) -> str: ...


@dataclass(frozen=True)
class Scope:
    """The database, on behalf of `actor`."""

    session: Session
    actor: str

    def record(self, action: str, subject: Subject, detail: str = "") -> None:
        """Add to the audit trail. The caller commits it together with the change."""
        self.session.add(
            AuditEvent(
                actor=self.actor,
                action=action,
                noun=subject.noun,
                name=subject.audit_name,
                detail=detail,
            )
        )


@dataclass(frozen=True)
class CloudScope(Scope):
    """The same with AWS, and with the settings that say how things are named there."""

    cloud: Cloud
    settings: Settings

    def acting_as(self, actor: str) -> "CloudScope":
        return replace(self, actor=actor)
