"""An operation: one change of one CloudFormation stack, from the click to its result.

What happens, and what a `kill -9` does at each point:

1. **Click.** A service checks its rules and calls `intend` on the row (a status such as *parking*,
   and a new operation id), then `begin`. Killed here, nothing was committed and nothing happens.
2. **Lease.** `begin` commits the intent together with a lease on the row. From now on the row alone
   says what is to be done. Killed here, the lease expires and another process claims the row.
3. **Step.** `advance` calls the method that the subclass has for the row's status. It asks AWS for
   what the status stands for, with the operation id as the ClientRequestToken. Killed before AWS
   was asked, the next step asks. Killed after, the next step asks again and AWS recognises the
   token, or finds our token in the stack's events.
4. **Poll.** While CloudFormation is busy, every step copies its new events and makes the row due
   again. Killed here, nothing is lost: the next poll copies what is missing.
5. **Settle.** When the stack is done, the row's final status, outputs or reason are committed in
   the transaction that deletes the lease. Killed before, the next poll settles it.

A process that slept through its lease does no harm: each commit checks the lease's fence
(LeaseLost) and the row's version (StaleDataError), and the step is taken again. Proofs and first
snapshots come after the lease is deleted: killed there, they wait for a round, or for a person.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from sqlmodel import col, delete

from webapp.aws import Cloud
from webapp.aws.answers import Kind, Then
from webapp.aws.cloudformation.stacks import ROLLED_BACK, STUCK, UPDATED, Phase, Plan, Stack
from webapp.aws.errors import is_transient, pauses_operation
from webapp.aws.lambda_interfaces import NOTHING_HELD, Held
from webapp.errors import EgretError
from webapp.models import StackEvent, StackRow, Status, utc_now
from webapp.scope import CloudScope, cloud_of
from webapp.services.engine import events, leases
from webapp.services.engine.events import token_of
from webapp.services.engine.intents import IAM_WAIT_S, begin_again
from webapp.services.engine.leases import Handler, Work
from webapp.services.engine.progress import poll_in_s, tell_meanwhile
from webapp.settings import Settings
from webapp.telemetry import spans

ROLLBACKS_MAX = 3
CLEARINGS_MAX = 3
"""Attempts to delete what a failed creation left, before a person decides."""
RETRY_S, PAUSE_S = 5.0, 15.0
"""Until AWS is asked again after it did not answer, or could not roll back; and until it is checked
whether someone has fixed the credentials, a permission or the clock."""
RETRY_CREATION = "Read the reason and fix it, then try again; or delete it."
RETRY_DELETION = "Remove what blocks the deletion, then delete it again."
PUT_BACK = "AWS put everything back as it was."
RETRY_UPDATE = "Read the reason and fix it, then try again."
VANISHED = "The stack was deleted outside Egret."


@dataclass
class Operation(ABC):
    """One step of the operation that a claimed row is in."""

    work: Work
    row: StackRow
    cloud: Cloud
    settings: Settings

    model: ClassVar[type[StackRow]]

    @abstractmethod
    def steps(self) -> Mapping[Status, Callable[[], None]]:
        """What to do with a row in each status that needs work."""

    @property
    @abstractmethod
    def region(self) -> str: ...

    @classmethod
    def begin(cls, scope: CloudScope, row: StackRow) -> None:
        """Commit the row's intent and take the first step, unless others are under way; the
        background loop does the rest."""
        work = leases.begin_or_leave(scope.session, row.owner, lease_s=scope.settings.lease_s)
        if work:
            leases.run(work, cls.handler(scope.own, scope.settings))

    @classmethod
    def handler(cls, cloud: Cloud, settings: Settings) -> Handler:
        """What the background loop does with a row of this kind that is due."""

        def advance(work: Work) -> None:
            row = work.session.get(cls.model, work.row_id)
            if row is None:
                work.finish()
            else:
                cls(work, row, cloud_of(work.session, cloud, settings, row), settings).advance()

        return advance

    def advance(self) -> None:
        """Take the step for the row's status, and write an error of AWS to the row."""
        take_step = self.steps().get(self.row.status)
        if take_step is None:
            self.work.finish()
            return
        spans.note(state=self.row.status, region=self.region, account=self.cloud.number)
        try:
            take_step()
        except EgretError as error:
            spans.note(error=error.code)
            self.work.session.rollback()
            self.work.session.refresh(self.row)
            self.handle_error(error)

    def handle_error(self, error: EgretError) -> None:
        """Wait for what can pass, such as expired credentials; fail the row for anything else."""
        if pauses_operation(error):
            self.row.reason, self.row.remedy = error.detail, error.remedy
            self.work.run_again(in_s=RETRY_S if is_transient(error) else PAUSE_S)
        else:
            self.fail(error.detail, error.remedy)
            self.work.finish()

    def fail(self, reason: str, remedy: str = "") -> None:
        self.row.status, self.row.updated_at, self.row.reason = Status.FAILED, utc_now(), reason
        self.row.remedy = remedy or (RETRY_DELETION if self.row.unwanted else RETRY_CREATION)

    def poll_again(self) -> None:
        """Make the row due after the poll interval, or sooner when little is left to be made."""
        self.work.run_again(in_s=poll_in_s(self.work.session, self.row, self.cloud.poll_s))

    def create_stack(self, plan: Plan) -> None:
        """requested → creating. First deletes what an earlier, failed attempt left behind.

        A stack that is stuck in a rollback is not deleted: it is in use, and its rollback is
        continued.
        """
        row, stacks = self.row, self.cloud.stacks
        left = stacks.describe(plan.region, row.stack_id) if row.stack_id else None
        if left and left.status == STUCK:
            stacks.continue_rollback(plan.region, left.id, token=token_of(row))
            row.status = Status.CREATING
        elif left and left.phase is Phase.FAILED:
            self._clear(left, unprotect=plan.protected)
            return
        elif not left or left.phase is Phase.GONE:
            row.stack_id, row.creation_id = None, row.operation_id
            self.work.commit()  # the deletion finds a stack by this id if the answer is lost
            row.stack_id = stacks.create(plan, token=row.operation_id)
            row.status, row.resource_count = Status.CREATING, plan.resource_count
        elif left.phase is Phase.DONE:
            row.status = Status.CREATING
        self.poll_again()

    def _clear(self, left: Stack, *, unprotect: bool) -> None:
        """Delete what a failed creation left; give up when AWS could not a few times."""
        row, session, cloud = self.row, self.work.session, self.cloud
        clearing, failures, held = events.clearing_of(row), 0, NOTHING_HELD
        if left.status == "DELETE_FAILED":
            held = self.release_interfaces(left)
            row.reason, row.remedy = held.what, held.remedy
            self.work.commit()
            events.copy(self.work, cloud, row, self.region)
            failures = events.count_attempts(session, row, left.status, clearing)
        if failures and held.may_pass(row.elapsed_s):
            self.work.run_again(in_s=PAUSE_S)
        elif failures >= CLEARINGS_MAX:
            self._leave(left, clearing)
        else:
            token = f"{clearing}{events.ATTEMPT_SUFFIX}{failures + 1}"
            cloud.stacks.delete(self.region, left.id, token=token, unprotect=unprotect)
            self.poll_again()

    def _leave(self, left: Stack, clearing: str) -> None:
        """Say what keeps AWS from deleting what a failed creation left."""
        failure = self.failure(left, clearing)
        self.work.commit()  # no connection is held while AWS lists what is left
        blockers, remedy = self.cloud.blockers.told(self.region, left.id)
        reason = f"What the last attempt left could not be deleted. {failure.reason}"
        self.fail(reason, failure.answer.remedy(Then.TRY_AGAIN))
        self.add_blockers(failure, blockers, f"{remedy} Then try again.")
        self.work.finish()

    def poll_stack(self) -> Stack | None:
        """Copy new events. Gives the stack once it is no longer busy, None while it is."""
        stack = self._look()
        if stack.phase is not Phase.BUSY:
            return stack
        tell_meanwhile(self.work.session, self.row, stack)
        self.poll_again()
        return None

    def update_stack(self, plan: Plan) -> Stack | None:
        """Request the update to `plan` once, and poll. Returns the stack once it is not busy."""
        row, stack = self.row, self._look()
        if stack.phase is Phase.GONE:
            return stack
        if stack.status == STUCK:
            return self._continue_rollback(stack)
        busy = stack.phase is Phase.BUSY
        known = events.list_after(self.work.session, row)
        has_begun = any(event.operation_id == row.operation_id for event in known)
        if not busy and not has_begun:
            busy = self.cloud.stacks.update(plan, stack.id, token=row.operation_id)
            stack = replace(stack, status=UPDATED)  # what counts if there is nothing to change
        row.resource_count = plan.resource_count
        if busy:
            tell_meanwhile(self.work.session, row, stack)
            self.poll_again()
        return None if busy else stack

    def settle(self, stack: Stack, *, reached: Status, reason: str = "", remedy: str = "") -> None:
        """To `reached`, or to failed."""
        if stack.phase is not Phase.DONE:
            self.settle_failed(stack)
            return
        row = self.row
        if row.status is Status.CREATING:
            row.took_s = row.elapsed_s
        row.status, row.outputs, row.updated_at = reached, stack.outputs, utc_now()
        row.reason, row.remedy = reason, remedy
        self.work.finish()

    def settle_failed(self, stack: Stack) -> None:
        """To failed, with the root cause as the reason; or once more, if IAM was not ready yet."""
        row = self.row
        is_first = row.status is Status.CREATING and row.attempts == 1
        if is_first and self.failure(stack).answer.kind is Kind.NOT_READY:
            begin_again(row, "IAM did not know the new role everywhere yet.")
            self.work.run_again(in_s=IAM_WAIT_S)
            return
        self.note_failure(stack)
        self.work.finish()

    def failure(self, stack: Stack, operation_id: str = "") -> events.Failure:
        return events.failure_of(self.work.session, self.row, stack, self.region, operation_id)

    def note_failure(self, stack: Stack) -> events.Failure:
        """Write the root cause of the failure into the row. The caller finishes."""
        failure = self.failure(stack)
        then = Then.DELETE_AGAIN if self.row.unwanted else Then.TRY_AGAIN
        self.fail(self.explain(failure.reason), failure.answer.remedy(then))
        return failure

    def settle_update(self, stack: Stack, *, reached: Status, back: Status) -> None:
        """To `reached`; or, when AWS rolled the stack back, to `back` with the reason."""
        if stack.status == ROLLED_BACK:
            row, failure = self.row, self.failure(stack)
            row.reason = self.explain(failure.reason)
            row.remedy = f"{PUT_BACK} {failure.answer.remedy(Then.TRY_AGAIN) or RETRY_UPDATE}"
            row.status, row.updated_at = back, utc_now()
            self.work.finish()
        else:
            self.settle(stack, reached=reached)

    def explain(self, reason: str) -> str:
        """The reason of a failure; a subclass may add what it knows."""
        return reason

    def add_blockers(self, failure: events.Failure, blockers: str, remedy: str) -> None:
        """Add to the reason of a failure what is in the way, if anything is."""
        if blockers:
            self.row.reason = f"{self.row.reason.rstrip('.')}. {blockers}"
            is_why = failure.answer.kind in (Kind.DEPENDENCY, Kind.UNKNOWN)
            self.row.remedy = remedy if is_why else f"{self.row.remedy} {remedy}"

    def release_interfaces(self, _stack: Stack, /) -> Held:
        """What Lambda holds in the VPC of the stack, after deleting what it has left there."""
        return NOTHING_HELD

    def forget(self) -> None:
        """Delete the row and its events: its stack is gone."""
        session, owner = self.work.session, self.row.owner
        session.connection().execute(delete(StackEvent).where(col(StackEvent.owner) == owner))
        session.delete(self.row)
        self.work.finish()

    def _look(self) -> Stack:
        """Copy new events, and give the row's stack. One that AWS no longer knows is like one that
        was deleted."""
        events.copy(self.work, self.cloud, self.row, self.region)
        if seen := events.busy_stack(self.work.session, self.row):
            return seen
        assert self.row.stack_id  # noqa: S101 - there is one from *creating* on
        found = self.cloud.stacks.describe(self.region, self.row.stack_id)
        return found or Stack(self.row.stack_id, name="", status="DELETE_COMPLETE", reason=VANISHED)

    def _continue_rollback(self, stack: Stack) -> Stack | None:
        """Continue a rollback that failed. After `ROLLBACKS_MAX` attempts gives the stack."""
        row, stuck = self.row, events.count_attempts(self.work.session, self.row, STUCK)
        if stuck >= row.attempts:  # as often stuck as tried: the current attempt has failed
            if row.attempts > ROLLBACKS_MAX:
                return stack
            row.attempts += 1
            row.reason = f"AWS could not put everything back; this is attempt {row.attempts}."
            self.work.run_again(in_s=RETRY_S)
            return None
        token = f"{row.operation_id}{events.ATTEMPT_SUFFIX}{stuck + 1}"
        self.cloud.stacks.continue_rollback(self.region, stack.id, token=token)
        self.poll_again()
        return None
