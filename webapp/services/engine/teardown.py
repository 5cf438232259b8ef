"""Teardown: a stack goes, however long AWS takes, and it always says what it waits for.

Lambda keeps the network interfaces of a deleted function for 20 to 45 minutes, and what they are
in cannot be deleted before: then CloudFormation says DELETE_FAILED. That is a wait, not an error:
AWS is asked again, more and more seldom. What fails for another reason is asked again a few times.
In the end the person decides: wait and delete again, or keep what AWS will not delete.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase, Stack
from webapp.models import StackEvent, StackRow, utc_now
from webapp.models.costs import monthly_usd
from webapp.models.network import NAT_GATEWAY_IDS
from webapp.services.engine import stacks as stack_work
from webapp.services.engine.leases import Work

INTERFACES_TYPICAL = "20 to 45 minutes"
INTERFACES_TIMEOUT_S = 3600.0
INTERFACES_NAMED_MAX = 3
ATTEMPTS_MAX = 4
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 120.0
NAT_GATEWAY = "AWS::EC2::NatGateway"


@dataclass(frozen=True)
class Left:
    """A resource that AWS would not delete, and what it costs a month while it stays."""

    logical_id: str
    physical_id: str
    resource_type: str
    reason: str

    @property
    def monthly_cost_usd(self) -> float:
        return monthly_usd(nat_gateways=int(self.resource_type == NAT_GATEWAY), addresses=0)


def delete(cloud: Cloud, work: Work, row: StackRow, *, region: str, stack_name: str) -> bool:
    """deleting → True once the stack is gone (or never was), for the caller to forget the row."""
    if not row.stack_id and row.creation_id:
        row.stack_id = cloud.stacks.made_by(region, stack_name, token=row.creation_id)
        work.commit()
    stack = cloud.stacks.describe(region, row.stack_id) if row.stack_id else None
    if stack is None or stack.phase is Phase.GONE:
        return True
    stack_work.copy_events(work, cloud, row, region)
    held = cloud.vpcs.lambda_interfaces(region, row.outputs.get("VpcId", ""))
    failures = stack_work.failed_attempts(work.session, row, "DELETE_FAILED")
    _forget_nat_gateways(work.session, row)
    row.unwanted = row.unwanted or stack.status.startswith("DELETE_")
    _say(row, held)
    if stack.status == "DELETE_IN_PROGRESS":
        stack_work.poll_again(work, cloud)
    elif failures >= row.attempts:
        _after_failure(work, row, stack, region, held)
    else:
        work.commit()  # what is gone stays known, even if AWS refuses
        _ask(cloud, row, stack, region)
        stack_work.poll_again(work, cloud)
    return False


def left(session: Session, row: StackRow) -> list[Left]:
    """What the last deletion could not delete; [] when the last operation was none."""
    failed = select(StackEvent).where(
        col(StackEvent.owner) == row.owner,
        col(StackEvent.operation_id) == row.operation_id,
        col(StackEvent.status) == "DELETE_FAILED",
        col(StackEvent.resource_type) != stack_work.STACK_TYPE,
    )
    newest = {
        event.logical_id: Left(
            event.logical_id, event.physical_id, event.resource_type, event.reason
        )
        for event in session.exec(failed.order_by(col(StackEvent.id)))
    }
    return sorted(newest.values(), key=lambda resource: resource.logical_id)


def _ask(cloud: Cloud, row: StackRow, stack: Stack, region: str) -> None:
    """Only a stack whose deletion has failed may keep resources."""
    keep = row.retain if stack.status == "DELETE_FAILED" else []
    cloud.stacks.delete(
        region,
        stack.id,
        token=stack_work.token_of(row),
        retain=keep,
        express=row.express_deletion,
    )


def _after_failure(
    work: Work, row: StackRow, stack: Stack, region: str, held: Sequence[str]
) -> None:
    """Ask again later, unless it is time to give up. Attempts in vain while Lambda holds something
    do not count: the others begin once it has let go."""
    elapsed_s = (utc_now() - row.started_at).total_seconds()
    if held or not row.attempts_max:
        row.attempts_max = row.attempts + ATTEMPTS_MAX - 1
    if elapsed_s >= INTERFACES_TIMEOUT_S if held else row.attempts >= row.attempts_max:
        stack_work.settle(work, row, stack, region)
        return
    row.attempts += 1
    work.again(in_s=wait_s(row.attempts))


def _forget_nat_gateways(session: Session, row: StackRow) -> None:
    """Those that are gone cost nothing any more."""
    if NAT_GATEWAY_IDS not in row.outputs:
        return
    gone = {
        event.physical_id
        for event in stack_work.events(session, row)
        if event.resource_type == NAT_GATEWAY and event.status == "DELETE_COMPLETE"
    }
    kept = [nat for nat in row.output_list(NAT_GATEWAY_IDS) if nat not in gone]
    row.outputs = row.outputs | {NAT_GATEWAY_IDS: ",".join(kept)}


def wait_s(attempts: int) -> float:
    """Seconds before AWS is asked for the `attempts`th time: 5, 10, 20 … 120."""
    return float(min(FIRST_WAIT_S * 2 ** max(attempts - 2, 0), LONGEST_WAIT_S))


def _say(row: StackRow, held: Sequence[str]) -> None:
    row.reason = row.remedy = ""
    if held:
        named = ", ".join(held[:INTERFACES_NAMED_MAX])
        more = " and others" if len(held) > INTERFACES_NAMED_MAX else ""
        row.reason = (
            f"Waiting for Lambda to let go of {len(held)} network interface(s): {named}{more}."
        )
        row.remedy = f"AWS removes them by itself, usually within {INTERFACES_TYPICAL}."
    elif row.attempts > 1:
        row.reason = f"AWS could not delete everything; this is attempt {row.attempts}."
