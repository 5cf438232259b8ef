"""The kinds of answers, and how each is put into words."""

from dataclasses import dataclass
from enum import StrEnum

from webapp.aws.answers.quota_kinds import QuotaKind


class Kind(StrEnum):
    """What an answer of AWS is about, which decides who can do something about it."""

    PERMISSION = "permission"
    ORGANIZATION = "organization"
    BOUNDARY = "boundary"
    VERIFICATION = "verification"
    CREDENTIALS = "credentials"
    QUOTA = "quota"
    THROTTLED = "throttled"
    NOT_OFFERED = "not_offered"
    NOT_READY = "not_ready"
    NAME_TAKEN = "name_taken"
    DEPENDENCY = "dependency"
    UNUSABLE = "unusable"
    TEMPLATE = "template"
    OUTAGE = "outage"
    WAITING = "waiting"
    ECHO = "echo"
    UNKNOWN = "unknown"


REFUSALS = frozenset({Kind.PERMISSION, Kind.ORGANIZATION, Kind.BOUNDARY, Kind.VERIFICATION})
"""AWS understood who asked and what for, and does not let them."""


class Then(StrEnum):
    """What happens once the step is done. Only an operation that is paused goes on by itself."""

    TRY_AGAIN = "Then try again: what failed does not go on automatically."
    DELETE_AGAIN = "Then delete it again: what failed does not go on automatically."
    CONTINUES = "Egret retries automatically."
    ONCE_DONE = "Once that is done, Egret continues automatically."
    NOTHING = ""


@dataclass(frozen=True)
class Answer:
    """`cause` says what is wrong, `step` what to do, each in sentences; both may be empty.

    `quota` is one of those that Egret can count, `actions` are IAM's that were refused.
    """

    kind: Kind = Kind.UNKNOWN
    cause: str = ""
    step: str = ""
    quota: QuotaKind | None = None
    actions: tuple[str, ...] = ()

    @property
    def is_refusal(self) -> bool:
        return self.kind in REFUSALS

    def remedy(self, then: Then = Then.NOTHING) -> str:
        """What to do; '' when Egret cannot tell."""
        told = " ".join(part for part in (self.cause, self.step) if part)
        return f"{told} {then}".strip() if told else ""
