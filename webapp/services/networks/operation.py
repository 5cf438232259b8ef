"""What the background does with a network in each status.

    requested → creating → ready ⇄ parking, parked, unparking
    ready: addresses and preview of a pending change     updating: the confirmed change
    deleting → the row is gone

Every method is one step: it may be killed between any two lines, and taken again from the row. The
story that all operations share is told in `services/engine/operation.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import ROLLED_BACK, Phase, Plan, Stack
from webapp.aws.cloudformation.templates import NetworkStack
from webapp.aws.errors import QuotaExceeded, pauses_operation, quota_in
from webapp.aws.lambda_interfaces import Held
from webapp.errors import Conflict, EgretError
from webapp.models import Function, Network, Shape, Status, utc_now
from webapp.models.base import new_id
from webapp.models.lease import PROOF
from webapp.models.network import NAT_GATEWAY_IDS, UNDELETED_NAT_GATEWAY_IDS
from webapp.scope import EGRET, CloudScope
from webapp.services.addresses import pool
from webapp.services.engine import events, foundation, leases, teardown
from webapp.services.engine.intents import intend
from webapp.services.engine.operation import RETRY_S, Operation
from webapp.services.engine.teardown import NAT_GATEWAY
from webapp.services.inspection import proofs
from webapp.services.networks import zones

SWITCHES = {
    Status.PARKING: (Status.READY, Status.PARKED),
    Status.UNPARKING: (Status.PARKED, Status.READY),
}
"""The status before each switch, and the status after it."""


@dataclass
class NetworkOperation(Operation):
    row: Network

    model = Network

    def steps(self) -> Mapping[Status, Callable[[], None]]:
        return {
            Status.REQUESTED: self.request,
            Status.CREATING: self.create,
            Status.READY: self.prepare_change,
            Status.UPDATING: self.change,
            Status.PARKING: self.switch,
            Status.PARKED: self.rest,
            Status.UNPARKING: self.switch,
            Status.DELETING: self.delete,
        }

    @property
    def region(self) -> str:
        return self.row.region

    def request(self) -> None:
        """Addresses first, each committed as soon as it is known; then the stack."""
        pool.check_none_lost(self.work.session, self.row)
        self._tag_addresses()
        self._allocate_addresses()
        foundation.begin(self.cloud, self.settings)
        self.create_stack(self.plan())

    def create(self) -> None:
        stack = self.poll_stack()
        if stack:
            # A retry may have rolled back the update of a network that was parked.
            is_running = NAT_GATEWAY_IDS in stack.outputs
            self.settle(stack, reached=Status.READY if is_running else Status.PARKED)
            self._prove()

    def switch(self) -> None:
        """Park or unpark."""
        before, after = SWITCHES[self.row.status]
        if after is Status.READY and not self._addresses_free():
            return
        stack = self.update_stack(self.plan(parked=after is Status.PARKED))
        if stack and (left := self._clean_up(stack)) is not None:
            self._settle_with(left, stack, reached=after, back=before)
            self._prove()

    def rest(self) -> None:
        """Parked: only what is left may have to be deleted again."""
        if self._retry_undeleted():
            self.work.finish()

    def prepare_change(self) -> None:
        """Allocate the addresses of a pending change, and preview it. Drops it if AWS refuses.

        What pauses every operation, such as expired credentials, pauses this as well.
        """
        network, session = self.row, self.work.session
        if not self._retry_undeleted():
            return
        try:
            self._allocate_addresses()
            if network.change and not network.change["preview"]:
                pool.check_none_lost(session, network)
                network.change = {**network.change, "preview": self._preview()}
                network.reason = network.remedy = ""
        except EgretError as error:
            if pauses_operation(error):
                raise
            session.rollback()
            session.refresh(network)
            drop_change(session, self.cloud, network)
            network.reason, network.remedy = error.detail, error.remedy
        self.work.finish()

    def change(self) -> None:
        """Bring the stack to the changed shape; the network's functions then follow."""
        network = self.row
        self._allocate_addresses()
        stack = self.update_stack(self.plan(shape=network.changed_shape))
        if stack and (left := self._clean_up(stack)) is not None:
            is_done = stack.phase is Phase.DONE and stack.status != ROLLED_BACK
            if is_done and network.changed_shape:
                network.availability_zones = network.changed_shape.availability_zones
                network.nat = network.changed_shape.nat
                network.zones = network.changed_zones
                network.change = {}
                _update_functions(self.work.session, network)
            self._settle_with(left, stack, reached=Status.READY, back=Status.READY)
            self._prove()

    def delete(self) -> None:
        """Delete the stack, then the row. The addresses stay, free."""
        if not self._retry_undeleted():
            return
        if left := self.row.undeleted_nat_gateways:  # they are in the way now, and told as such
            teardown.note_undeleted(self.row, [])
            still = [*self.row.output_list(NAT_GATEWAY_IDS), *left]
            self.row.outputs = self.row.outputs | {NAT_GATEWAY_IDS: ",".join(dict.fromkeys(still))}
            self.work.commit()
        name = NetworkStack.stack_name(self.settings.name_prefix, self.row.name)
        if teardown.delete_stack(self, name):
            pool.free_all(self.work.session, self.cloud, self.row)
            self.forget()

    def plan(self, *, shape: Shape | None = None, parked: bool = False) -> Plan:
        """The stack as CloudFormation should make it: in `shape`, or in the network's own."""
        network, wanted = self.row, shape or self.row.shape
        planned = network.changed_zones if shape else network.planned_zones
        used = pool.of_network(self.work.session, network.id)[: wanted.nat_gateways]
        return NetworkStack(
            prefix=self.settings.name_prefix,
            name=network.name,
            region=network.region,
            cidr=network.cidr,
            zones=self._zones(wanted.availability_zones, planned),
            nat=wanted.nat.value,
            allocation_ids=tuple(address.allocation_id or "" for address in used),
            echo_url=self.settings.echo_origins,
            permissions_boundary_arn=self.cloud.here(self.settings.permissions_boundary_arn),
            parked=parked,
            protected=network.protected,
            tags=self.settings.tags | network.tags,
        ).plan()

    def fail(self, reason: str, remedy: str = "") -> None:
        """Also notes the NAT gateways that the rollback of a creation left: they cost."""
        super().fail(reason, remedy)
        if not self.row.was_created:
            undeleted = teardown.undeleted(self.work.session, self.row)
            ids = [each.physical_id for each in undeleted if each.resource_type == NAT_GATEWAY]
            if ids:
                self.row.outputs = {UNDELETED_NAT_GATEWAY_IDS: ",".join(ids)}

    def explain(self, reason: str) -> str:
        """Add how much of the quota is in use, if a quota is the reason and AWS says."""
        kind = quota_in(reason)
        if kind is None:
            return reason
        self.work.commit()  # no connection is held while AWS counts
        try:
            found = self.cloud.quotas.read(self.region, [kind], self.row.nat_zones)
        except EgretError:
            return reason
        used = ", ".join(str(quota) for quota in found)
        return f"{reason} In use now: {used}."

    def release_interfaces(self, stack: Stack, /) -> Held:
        """A network whose creation failed has no outputs, but its stack knows the VPC."""
        vpc_id = self.row.outputs.get("VpcId") or self.cloud.blockers.vpc_of(self.region, stack.id)
        return self.cloud.lambda_interfaces.release(self.region, vpc_id, own=f"{stack.name}-")

    def _clean_up(self, stack: Stack) -> list[str] | None:
        """What the update could not delete and Egret could not either; None while it tries to."""
        return teardown.delete_undeleted(self) if stack.phase is Phase.DONE else []

    def _settle_with(self, left: list[str], stack: Stack, *, reached: Status, back: Status) -> None:
        """Settle the update, and note what is left."""
        if stack.phase is not Phase.DONE:
            self.settle_update(stack, reached=reached, back=back)
            return
        kept = {k: v for k, v in self.row.outputs.items() if k == UNDELETED_NAT_GATEWAY_IDS}
        stack = replace(stack, outputs=stack.outputs | kept)
        if left and stack.status != ROLLED_BACK:
            self.settle(stack, reached=reached, reason=self.row.reason, remedy=self.row.remedy)
        else:
            self.settle_update(stack, reached=reached, back=back)

    def _addresses_free(self) -> bool:
        """Whether no NAT gateway that was left holds an address. If one does, the network stays
        parked."""
        known = events.list_after(self.work.session, self.row)
        if any(event.operation_id == self.row.operation_id for event in known):
            return True  # the update has begun
        left = teardown.delete_undeleted(self)
        if left:
            self.row.status, self.row.updated_at = Status.PARKED, utc_now()
            self.work.finish()
        elif left is not None:
            self.work.commit()  # AWS is asked next
        return left == []

    def _retry_undeleted(self) -> bool:
        """False while Egret deletes what an update left."""
        if self.row.undeleted_nat_gateways:
            if teardown.delete_undeleted(self) is None:
                return False
            self.work.commit()  # AWS may be asked next
        return True

    def _allocate_addresses(self) -> None:
        for address in pool.of_network(self.work.session, self.row.id):
            try:
                pool.ensure_allocated(self.work.session, self.cloud, address)
            except QuotaExceeded as error:
                error.detail = self.explain(error.detail)
                raise
            self.work.commit()

    def _tag_addresses(self) -> None:
        """An address that exists already was free, and may be older than EGRET_TAGS."""
        tags = self.settings.tags | self.row.tags
        for address in pool.of_network(self.work.session, self.row.id) if tags else ():
            if address.allocation_id:
                self.cloud.addresses.tag(self.region, address.allocation_id, tags)

    def _preview(self) -> list[dict[str, str]]:
        """What the pending change does. Raises Conflict if it would replace or remove a thing."""
        assert self.row.stack_id  # noqa: S101 - a network that is ready has one
        changes = self.cloud.stacks.preview(
            self.plan(shape=self.row.changed_shape), self.row.stack_id, name=f"preview-{new_id()}"
        )
        harmful = [f"{change.logical_id} ({change.action})" for change in changes if change.harmful]
        if harmful:
            raise Conflict(
                f"CloudFormation would replace or remove: {', '.join(harmful)}. That would "
                "interrupt calls, so the change was withdrawn and nothing was done.",
                remedy="Check the network's drift: it may have been changed outside Egret.",
            )
        return [asdict(change) for change in changes]

    def _prove(self) -> None:
        """Prove a network that has become ready; soon again if AWS does not run the probe now."""
        row, session = self.row, self.work.session
        if row.status is Status.READY:
            try:
                proofs.prove(CloudScope(session, EGRET, self.cloud, self.settings), row)
            except EgretError:
                leases.make_due_in(session, {f"{PROOF}:{row.id}": RETRY_S})
                session.commit()

    def _zones(self, count: int, planned: list[str]) -> tuple[str, ...]:
        """The planned zones; then others of the region, where an older version planned none.

        Raises Invalid when the region has not as many.
        """
        if len(planned) < count:
            offered = self.cloud.vpcs.availability_zones(self.region)
            planned = zones.choose(self.region, offered, count, have=planned)
        return tuple(planned[:count])


def drop_change(session: Session, cloud: Cloud, network: Network) -> None:
    """Drop the pending change. The addresses that were allocated for it become free."""
    allocated = pool.of_network(session, network.id)[network.nat_gateways :]
    pool.remove_tags(cloud, network, allocated)
    pool.set_free(session, cloud, allocated)
    network.change = {}


def _update_functions(session: Session, network: Network) -> None:
    """Run the network's functions in all of its zones. Committed together with its new shape."""
    mine = select(Function).where(
        Function.network_id == network.id, Function.status == Status.READY
    )
    for function in session.exec(mine):
        intend(function, Status.UPDATING)
        leases.make_due(session, function.owner)
