"""What the background does with a function in each status.

    requested → creating → ready ⇄ updating (a revision is pending, or its network has more zones)
    deleting → the row is gone

An update that fails leaves what is live as it was: AWS puts the stack back, the pending revision
becomes *failed* with the reason, and the function is ready again.

Every method is one step: it may be killed between any two lines, and taken again from the row. The
story that all operations share is told in `services/engine/operation.py`.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.answers import Kind
from webapp.aws.cloudformation.stacks import ROLLED_BACK, Phase, Plan, Stack
from webapp.aws.cloudformation.templates import FunctionStack, ZippedCode
from webapp.aws.errors import pauses_operation
from webapp.aws.partitions import dns_suffix
from webapp.errors import EgretError
from webapp.models import Function, FunctionRevision, Key, Network, Status, utc_now
from webapp.models.function import endpoint_limits
from webapp.services.engine import events, leases, teardown
from webapp.services.engine.intents import begin_again, intend
from webapp.services.engine.operation import PUT_BACK, RETRY_S, RETRY_UPDATE, Operation
from webapp.services.engine.progress import is_just_ready
from webapp.services.functions import previews
from webapp.services.functions.callers import operation as callers
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.details import network_of
from webapp.services.functions.packages import code_of_revision, placed
from webapp.services.functions.revisions import rows as revisions
from webapp.settings import Settings

WAITS_FOR_CALLERS = "Waits until AWS has deleted the keys of its callers."
THROTTLED_ATTEMPTS_MAX = 10
THROTTLED_FIRST_WAIT_S = 5.0
THROTTLED_LONGEST_WAIT_S = 120.0


@dataclass
class FunctionOperation(Operation):
    row: Function

    model = Function

    def steps(self) -> Mapping[Status, Callable[[], None]]:
        return {
            Status.REQUESTED: self.request,
            Status.CREATING: self.create,
            Status.READY: self.fetch_again,
            Status.UPDATING: self.update,
            Status.DELETING: self.delete,
        }

    @cached_property
    def network(self) -> Network:
        return network_of(self.work.session, self.row)

    @property
    def region(self) -> str:
        return self.network.region

    def request(self) -> None:
        self.create_stack(self.plan())

    def create(self) -> None:
        """Once it is ready, fetch its first answer, so that there is a table to show.

        If its network got another zone in the meantime, it is updated next.
        """
        stack = self.poll_stack()
        if stack is None:
            return
        self._add_endpoint(stack)
        self.settle(stack, reached=Status.READY)
        self._try_out()
        self._follow()

    def update(self) -> None:
        """To the pending revision, or to its network's other zones; calls are not interrupted.

        Then fetch an answer, so that a failure of the new code shows at once.
        """
        before = self.row.revision
        stack = self.update_stack(self.plan())
        if stack is None:
            return
        self._add_endpoint(stack)
        self.settle_update(stack, reached=Status.READY, back=Status.READY)
        if self.row.revision != before:
            self._try_out()
        if stack.status != ROLLED_BACK:  # nothing is tried for ever
            self._follow()

    def fetch_again(self) -> None:
        """The first answer, which AWS did not fetch when the function became ready."""
        self.work.finish()
        self._try_out()

    def settle(self, stack: Stack, *, reached: Status, reason: str = "", remedy: str = "") -> None:
        if stack.status == ROLLED_BACK:
            revisions.fail(self.work.session, self.row, PUT_BACK)
        elif stack.phase is Phase.DONE:
            revisions.make_live(self.work.session, self.row)
            self.__dict__.pop("network", None)  # it may be in another one now
        super().settle(stack, reached=reached, reason=reason, remedy=remedy)

    def settle_failed(self, stack: Stack) -> None:
        if self.row.status is not Status.UPDATING:
            if not self._waits_out_throttling(stack):
                super().settle_failed(stack)
            return
        revisions.fail(self.work.session, self.row, self.failure(stack).reason)
        super().settle_failed(stack)

    def settle_update(self, stack: Stack, *, reached: Status, back: Status) -> None:
        if stack.status == ROLLED_BACK:
            if self._waits_out_throttling(stack):
                return
            revisions.fail(self.work.session, self.row, self.failure(stack).reason)
        super().settle_update(stack, reached=reached, back=back)

    def handle_error(self, error: EgretError) -> None:
        """A change that AWS refuses to begin leaves the function ready, as it was."""
        row, session = self.row, self.work.session
        if row.status is not Status.UPDATING or pauses_operation(error) or self._has_begun():
            super().handle_error(error)
            return
        revisions.fail(session, row, error.detail)
        row.status, row.updated_at = Status.READY, utc_now()
        row.reason, row.remedy = error.detail, error.remedy or RETRY_UPDATE
        self.work.finish()

    def delete(self) -> None:
        """Its callers first: their keys end, and nothing of theirs is left without a row."""
        if callers.remove_all(self.work.session, self.row):
            self.row.reason = self.row.reason or WAITS_FOR_CALLERS
            self.poll_again()
            return
        name = FunctionStack.stack_name(self.settings.name_prefix, self.row.name)
        if teardown.delete_stack(self, name):
            self.forget()

    def plan(self) -> Plan:
        """The stack as CloudFormation should make it: of the pending revision, or the live one."""
        session = self.work.session
        revision = revisions.to_deploy(session, self.row)
        token = f"{self.row.operation_id}-code"
        code = code_of_revision(revision)
        where = placed(self.cloud, self.settings, code, self.region, token=token)
        return plan_of(session, self.cloud, self.settings, revision, where)

    def _has_begun(self) -> bool:
        """Whether AWS has accepted the update, or may have."""
        row, session = self.row, self.work.session
        try:
            events.copy(self.work, self.cloud, row, self.region)
        except EgretError:
            return True
        return any(e.operation_id == row.operation_id for e in events.list_after(session, row))

    def _try_out(self) -> None:
        """Fetch an answer, so that there is a table to show.

        If AWS does not run it just now, again soon, while its page waits; later on, a round asks.
        """
        row, session = self.row, self.work.session
        if row.status is not Status.READY:
            return
        try:
            previews.store_answer(session, self.cloud, row, region=self.region)
        except EgretError:
            if is_just_ready(row):
                leases.make_due_in(session, {row.owner: RETRY_S})
                session.commit()

    def _follow(self) -> None:
        """Begin another update if its network grew during this one."""
        session = self.work.session
        if self.row.status is Status.READY and lags(self.row, self.network):
            intend(self.row, Status.UPDATING)
            leases.make_due(session, self.row.owner)
            session.commit()

    def _waits_out_throttling(self, stack: Stack) -> bool:
        """Whether the operation begins again later, because AWS throttled CloudFormation.

        API Gateway takes few changes per second. When many functions change together, stacks fail
        with its 429, which says nothing about them. `teardown` waits out that of deletions.
        """
        row = self.row
        throttled = self.failure(stack).answer.kind is Kind.THROTTLED
        if row.attempts >= THROTTLED_ATTEMPTS_MAX or not throttled:
            return False
        longest = min(THROTTLED_FIRST_WAIT_S * 2 ** (row.attempts - 1), THROTTLED_LONGEST_WAIT_S)
        in_s = longest * random.uniform(0.5, 1)  # noqa: S311 - no secret
        begin_again(row, "AWS throttles, as many functions change at once.")
        self.work.run_again(in_s=in_s)
        return True

    def _add_endpoint(self, stack: Stack) -> None:
        """The endpoint's URL differs in the sandbox, so the stack does not have it as an output."""
        if stack.phase is Phase.DONE:
            root = self.settings.execute_api_url.format(
                api=stack.outputs["RestApiId"],
                region=self.region,
                stage=stack.outputs["StageName"],
                suffix=dns_suffix(self.region),
            )
            stack.outputs["EndpointUrl"] = f"{root}{self.row.path}"


def plan_of(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    revision: FunctionRevision,
    code: str | ZippedCode,
) -> Plan:
    """The function's stack with that revision."""
    function = session.get_one(Function, revision.function_id)
    network = session.get_one(Network, revision.network_id)
    key = session.get_one(Key, revision.key_id)
    template = get_template(function.template)
    rate, burst = endpoint_limits(revision.access)
    return FunctionStack(
        prefix=settings.name_prefix,
        name=function.name,
        region=network.region,
        code=code,
        subnet_ids=tuple(network.output_list("PrivateSubnetIds")),
        security_group_id=network.outputs["SecurityGroupId"],
        secret_arn=key.secret_arn,
        kms_key_arn=key.kms_key_arn,
        key_sent_as=key.carrier,
        partner_url=settings.origin(template.origin(revision.settings)),
        echo_url=settings.echo_origins,
        settings=revision.settings,
        memory_mb=revision.memory_mb,
        timeout_s=revision.timeout_s,
        calls_per_second=rate,
        call_burst=burst,
        access=revision.access.value,
        stage=function.stage,
        path=function.path,
        methods=template.methods,
        subpaths=template.subpaths,
        cors_origins=tuple(revision.cors_origins),
        permissions_boundary_arn=cloud.here(settings.permissions_boundary_arn),
        tags=settings.tags | network.tags,
    ).plan()


def lags(function: Function, network: Network) -> bool:
    """Whether it runs in fewer zones than its network has, or is not called by an alias yet."""
    runs_in = function.outputs.get("SubnetIds", "")
    is_there = runs_in == network.outputs.get("PrivateSubnetIds")
    return bool(runs_in) and not (is_there and "Alias" in function.outputs)
