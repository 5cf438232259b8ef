"""What the background does with a function in each status.

    requested → creating → ready ⇄ updating (its network has more zones)
    deleting → the row is gone

Every method is one step: it may be killed between any two lines, and taken again from the row. The
story that all operations share is told in `services/engine/operation.py`.
"""

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from webapp.aws.answers import Kind
from webapp.aws.cloudformation.stacks import ROLLED_BACK, Phase, Plan, Stack
from webapp.aws.cloudformation.templates import FunctionStack, ZippedCode
from webapp.aws.partitions import dns_suffix
from webapp.errors import EgretError
from webapp.models import Function, Key, Network, Status
from webapp.models.function import endpoint_limits
from webapp.services.engine import leases, teardown
from webapp.services.engine.intents import begin_again, intend
from webapp.services.engine.operation import Operation
from webapp.services.functions import previews
from webapp.services.functions.callers import operation as callers
from webapp.services.functions.catalogue.templates import Template, get_template
from webapp.services.functions.details import network_of
from webapp.services.functions.packages import placed

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
        if self.row.status is not Status.READY:
            return
        session = self.work.session
        with suppress(EgretError):  # a round asks later
            previews.store_answer(session, self.cloud, self.row, region=self.region)
        if lags(self.row, self.network):
            intend(self.row, Status.UPDATING)
            leases.make_due(session, self.row.owner)
            session.commit()

    def update(self) -> None:
        """Its network has another zone: from now on it runs there too, and is never interrupted."""
        stack = self.update_stack(self.plan())
        if stack:
            self._add_endpoint(stack)
            self.settle_update(stack, reached=Status.READY, back=Status.READY)

    def settle_failed(self, stack: Stack) -> None:
        if self.row.status is Status.UPDATING or not self._waits_out_throttling(stack):
            super().settle_failed(stack)

    def settle_update(self, stack: Stack, *, reached: Status, back: Status) -> None:
        if stack.status != ROLLED_BACK or not self._waits_out_throttling(stack):
            super().settle_update(stack, reached=reached, back=back)

    def delete(self) -> None:
        """Its callers first: their keys end, and nothing of theirs is left without a row."""
        if callers.remove_all(self.work.session, self.row):
            self.row.reason = "Waits until AWS has deleted the keys of its callers."
            self.poll_again()
            return
        name = FunctionStack.stack_name(self.settings.name_prefix, self.row.name)
        if teardown.delete_stack(self, name):
            self.forget()

    def plan(self) -> Plan:
        """The stack as CloudFormation should make it."""
        function, network = self.row, self.network
        template = get_template(function.template)
        key = self.work.session.get_one(Key, function.key_id)
        rate, burst = endpoint_limits(function.access)
        return FunctionStack(
            prefix=self.settings.name_prefix,
            name=function.name,
            region=network.region,
            code=self._code(template),
            subnet_ids=tuple(network.output_list("PrivateSubnetIds")),
            security_group_id=network.outputs["SecurityGroupId"],
            secret_arn=key.secret_arn,
            kms_key_arn=key.kms_key_arn,
            key_sent_as=key.carrier,
            partner_url=self.settings.origin(template.origin(function.settings)),
            echo_url=self.settings.echo_origins,
            settings=function.settings,
            memory_mb=template.memory_mb,
            timeout_s=template.timeout_s,
            calls_per_second=rate,
            call_burst=burst,
            access=function.access.value,
            stage=function.stage,
            path=function.path,
            methods=template.methods,
            subpaths=template.subpaths,
            cors_origins=tuple(function.cors_origins),
            permissions_boundary_arn=self.settings.permissions_boundary_arn,
            tags=self.settings.tags | network.tags,
        ).plan()

    def _code(self, template: Template) -> str | ZippedCode:
        token = f"{self.row.operation_id}-code"
        return placed(self.cloud, self.settings, template, self.region, token=token)

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


def lags(function: Function, network: Network) -> bool:
    """Whether it runs in fewer zones than its network has."""
    runs_in = function.outputs.get("SubnetIds", "")
    return bool(runs_in) and runs_in != network.outputs.get("PrivateSubnetIds")
