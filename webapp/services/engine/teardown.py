"""Teardown: deleting a stack takes AWS up to an hour, and the row always says what it waits for.

Lambda keeps the network interfaces of a deleted function for 20 to 45 minutes, and their subnets
and security group cannot be deleted before; CloudFormation then reports DELETE_FAILED. That is a
wait, not an error: AWS is asked again, less and less often. Interfaces that Lambda left behind are
deleted; a function that somebody has in the VPC is named at once. So is throttling a wait: of an
account's REST APIs, AWS deletes one in 30 seconds. A deletion that fails for another reason is
tried a few times. After that a person decides: remove what is in the way, which is named, and
delete again; or retain what AWS will not delete.
"""

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from webapp.aws.cloudformation.stacks import Phase, Stack
from webapp.aws.errors import pauses_operation, throttled_in
from webapp.aws.lambda_interfaces import TIMEOUT_S, Held
from webapp.aws.nat_gateways import DELETING
from webapp.errors import EgretError
from webapp.models import StackEvent, StackRow
from webapp.models.costs import monthly_usd
from webapp.models.network import NAT_GATEWAY_IDS, UNDELETED_NAT_GATEWAY_IDS
from webapp.services.engine import events
from webapp.services.engine.events import STACK_TYPE, token_of
from webapp.services.engine.intents import RETRIES
from webapp.services.engine.operation import Operation

ATTEMPTS_MAX = 4
GATEWAY_ATTEMPTS_MAX = 4
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 120.0
THROTTLED_WAIT_S = 30.0
GATEWAY_REMEDY = (
    "Press Try again, or delete it in the AWS console; then park or unpark as you like."
)
NAT_GATEWAY = "AWS::EC2::NatGateway"
Told = Sequence[StackEvent]
"""Events of one row, oldest first."""


@dataclass(frozen=True)
class Undeleted:
    """A resource that AWS would not delete, and its monthly cost while it stays."""

    logical_id: str
    physical_id: str
    resource_type: str
    reason: str

    @property
    def monthly_cost_usd(self) -> float:
        return monthly_usd(nat_gateways=int(self.resource_type == NAT_GATEWAY), addresses=0)


def delete_stack(operation: Operation, stack_name: str) -> bool:
    """Take one step of the deletion. True once the stack is gone, or if there never was one."""
    row, stacks, region = operation.row, operation.cloud.stacks, operation.region
    if not row.stack_id and row.creation_id:  # the answer to its creation was lost
        row.stack_id = stacks.made_by(region, stack_name, token=row.creation_id)
        operation.work.commit()
    stack = stacks.describe(region, row.stack_id) if row.stack_id else None
    if stack is None or stack.phase is Phase.GONE:
        return True
    session = operation.work.session
    events.copy(operation.work, operation.cloud, row, region)
    held = operation.release_interfaces(stack)
    failures = events.count_attempts(session, row, "DELETE_FAILED")
    _drop_deleted_nat_gateways(session, row)
    row.unwanted = row.unwanted or stack.status.startswith("DELETE_")
    _report_progress(session, row, stack, held)
    if stack.status == "DELETE_IN_PROGRESS" or _is_updated(stack):
        operation.poll_again()
    elif failures >= row.attempts:  # the current attempt has failed
        _retry_later(operation, stack, held)
    else:
        operation.work.commit()  # what is gone stays recorded even if AWS refuses the request
        _request_deletion(operation, stack)
        operation.poll_again()
    return False


def undeleted(session: Session, row: StackRow, told: Told | None = None) -> list[Undeleted]:
    """What the last operation could not delete: a deletion, or a creation that was rolled back or
    had to delete first what the one before it left. `told`: the row's events, if they are known."""
    operations = (row.operation_id, events.clearing_of(row))
    newest = {
        event.logical_id: event
        for event in (events.list_after(session, row) if told is None else told)
        if event.operation_id in operations and event.resource_type != STACK_TYPE
    }
    return [
        Undeleted(event.logical_id, event.physical_id, event.resource_type, event.reason)
        for _, event in sorted(newest.items())
        if event.status == "DELETE_FAILED"
    ]


def undeleted_by_updates(told: Told, ids: Collection[str]) -> list[Undeleted]:
    """Those of the NAT gateways in `ids` that updates of the stack could not delete, as the row's
    events tell."""
    given_up = _given_up(told)
    return [
        Undeleted(event.logical_id, event.physical_id, event.resource_type, event.reason)
        for event in given_up.values()
        if event.physical_id in ids
    ]


def delete_undeleted(operation: Operation) -> list[str] | None:
    """Take one step of deleting the NAT gateways that updates of the stack could not delete.

    CloudFormation gives up on them in its clean-up, forgets them and calls the update complete; but
    they are billed, and hold their addresses. None while Egret is at it: the row is due again. Else
    the ids of those that are there after `GATEWAY_ATTEMPTS_MAX` attempts, and the row says why.
    """
    row, gateways, region = operation.row, operation.cloud.nat_gateways, operation.region
    given_up = _given_up(events.list_after(operation.work.session, row))
    if not given_up:
        return []
    operation.work.commit()  # no connection is held while AWS is asked
    states = gateways.states(region, list(given_up))
    left = [event for nat_id, event in given_up.items() if nat_id in states]
    idle = [nat_id for nat_id, state in states.items() if state != DELETING]
    if not states or (idle and row.attempts > GATEWAY_ATTEMPTS_MAX) or row.elapsed_s > TIMEOUT_S:
        row.attempts, row.reason = 1, row.reason or _told(left)
        note_undeleted(row, list(states))
        return list(states)
    said = []
    for nat_id in idle:
        try:
            gateways.delete(region, nat_id)
        except EgretError as error:
            if pauses_operation(error):
                raise
            said.append(error.detail)
    row.attempts += bool(idle)
    row.reason = " ".join([_told(left), *said])
    row.remedy = f"Egret deletes it again, {GATEWAY_ATTEMPTS_MAX} times at most."
    operation.work.run_again(in_s=wait_s(row.attempts))
    return None


def note_undeleted(row: StackRow, ids: list[str]) -> None:
    """Note which NAT gateways are still there, in the outputs. The caller commits."""
    row.outputs = {k: v for k, v in row.outputs.items() if k != UNDELETED_NAT_GATEWAY_IDS}
    if ids:
        row.outputs |= {UNDELETED_NAT_GATEWAY_IDS: ",".join(ids)}
        row.remedy = GATEWAY_REMEDY
    else:
        row.reason = row.remedy = ""


def wait_s(attempts: int) -> float:
    """Seconds before attempt number `attempts`: 5, 10, 20 … 120."""
    return float(min(FIRST_WAIT_S * 2 ** max(attempts - 2, 0), LONGEST_WAIT_S))


def _given_up(told: Told) -> dict[str, StackEvent]:
    """NAT gateways by id whose newest event is a deletion that failed, and that event."""
    newest = {
        event.physical_id: event
        for event in told
        if event.resource_type == NAT_GATEWAY and event.physical_id
    }
    return {i: event for i, event in newest.items() if event.status == "DELETE_FAILED"}


def _told(left: Iterable[StackEvent]) -> str:
    each = " ".join(
        f"CloudFormation could not delete the NAT gateway {event.physical_id}: "
        f"{event.reason.rstrip('.')}."
        for event in left
    )
    cost = monthly_usd(nat_gateways=1, addresses=0)
    return f"{each} While it is there, it costs {cost:.2f} USD a month and holds its address."


def _request_deletion(operation: Operation, stack: Stack) -> None:
    """CloudFormation accepts resources to retain only after a deletion that failed."""
    row = operation.row
    operation.cloud.stacks.delete(
        operation.region,
        stack.id,
        token=token_of(row),
        retain=row.retain if stack.status == "DELETE_FAILED" else [],
        express=row.express_deletion,
    )


def _retry_later(operation: Operation, stack: Stack, held: Held) -> None:
    """Try again later, or give up.

    Attempts while Lambda holds interfaces or AWS throttles do not count: the last ones begin after
    that. What is throttled together is not tried again together.
    """
    row = operation.row
    throttled = throttled_in(_last_reason(operation.work.session, row) or stack.reason)
    has_to_wait = throttled or bool(held.waiting and not held.functions)
    waits = has_to_wait and row.elapsed_s < TIMEOUT_S
    if waits or not row.attempts_max:
        row.attempts_max = row.attempts + ATTEMPTS_MAX - 1
    if row.attempts >= row.attempts_max or (has_to_wait and not waits):
        _give_up(operation, stack)
        return
    row.attempts += 1
    in_s = wait_s(row.attempts)
    if throttled:
        in_s = max(in_s, THROTTLED_WAIT_S) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        row.reason = f"AWS throttles, as much is deleted at once. Attempt {row.attempts}."
        row.remedy = RETRIES
    operation.work.run_again(in_s=in_s)


def _last_reason(session: Session, row: StackRow) -> str:
    """Why the last resource could not be deleted; '' if no event says so."""
    failed = [
        event.reason
        for event in events.list_after(session, row)
        if event.operation_id == row.operation_id
        and event.status == "DELETE_FAILED"
        and event.resource_type != STACK_TYPE
    ]
    return failed[-1] if failed else ""


def _give_up(operation: Operation, stack: Stack) -> None:
    """Name what is in the way, and what to do about each; then the deletion can be repeated."""
    operation.work.commit()  # no connection is held while AWS lists what is left
    blockers, remedy = operation.cloud.blockers.told(operation.region, stack.id)
    failure = operation.note_failure(stack)
    operation.add_blockers(failure, blockers, f"{remedy} Then delete the network again.")
    operation.work.finish()


def _drop_deleted_nat_gateways(session: Session, row: StackRow) -> None:
    """NAT gateways that are deleted no longer count towards the cost."""
    if NAT_GATEWAY_IDS not in row.outputs:
        return
    gone = {
        event.physical_id
        for event in events.list_after(session, row)
        if event.resource_type == NAT_GATEWAY and event.status == "DELETE_COMPLETE"
    }
    kept = [nat for nat in row.output_list(NAT_GATEWAY_IDS) if nat not in gone]
    row.outputs = row.outputs | {NAT_GATEWAY_IDS: ",".join(kept)}


def _is_updated(stack: Stack) -> bool:
    """CloudFormation refuses to delete a stack while it changes it, or puts it back."""
    return stack.phase is Phase.BUSY and stack.status.startswith("UPDATE_")


def _report_progress(session: Session, row: StackRow, stack: Stack, held: Held) -> None:
    row.reason, row.remedy = held.what or events.waiting_for(session, row), held.remedy
    if _is_updated(stack):
        row.reason, row.remedy = "Waits until AWS has finished the update that is under way.", ""
    if not row.reason and row.attempts > 1:
        row.reason = f"AWS could not delete everything; this is attempt {row.attempts}."
