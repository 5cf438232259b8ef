"""No address is ever lost: a machine that does anything to a network in any order, with any fault.

After each step the set of allocations in AWS has changed by an explicit release or allocation only,
and the rows say what AWS has. Time until leases and retries run out is virtual.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine
from sqlmodel import Session, select

from tests.clouds import boto_session, connected
from tests.databases import engine_of, prepare, settings_of
from tests.faults import replicas, worker
from tests.faults.world import allocations, world
from tests.sandbox.credentials import BOUNDARY, credentials_of, environment_of
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.errors import EgretError
from webapp.models import Address, Nat, Network, NewChange, NewNetwork, Site, Status
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.scope import CloudScope
from webapp.services import addresses, networks
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.networks import change

EXAMPLES = 80
STEPS = 4
CALLS_MAX = 20
ADDRESS_QUOTA = 40
PREFIX = "machine"
ERRORS = {
    "throttled": ("RequestLimitExceeded", "Request limit exceeded."),
    "broken": ("InternalError", "An internal error has occurred."),
    "denied": ("UnauthorizedOperation", "You are not authorized to perform this operation."),
    "quota": ("AddressLimitExceeded", "The maximum number of addresses has been reached."),
}
HYPOTHESIS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Crash(BaseException):
    """The process ends here."""


@dataclass(frozen=True)
class Fault:
    """What happens at the `call`th call to AWS."""

    kind: str
    call: int


kinds_of_nat = st.sampled_from(Nat)
faults = st.none() | st.builds(
    Fault, st.sampled_from(["crash_before", "crash_after", *ERRORS]), st.integers(1, CALLS_MAX)
)


class Injector:
    """Hooks on one boto3 session; at most one fault is armed."""

    def __init__(self, user: Mapping[str, str]) -> None:
        self.session = boto_session(REGION, user)
        self.fault: Fault | None = None
        self._calls = 0
        self.session.events.register("before-call", self._before)
        self.session.events.register("response-received", self._after)

    def arm(self, fault: Fault | None) -> None:
        self.fault, self._calls = fault, 0

    def _before(self, **_: object) -> Any:
        self._calls += 1
        if not self.fault or self._calls != self.fault.call:
            return None
        if self.fault.kind == "crash_before":
            raise Crash
        return refusal(*ERRORS[self.fault.kind]) if self.fault.kind in ERRORS else None

    def _after(self, **_: object) -> None:
        if self.fault and self.fault.kind == "crash_after" and self._calls == self.fault.call:
            raise Crash


class _Refused:
    status_code = 400


def refusal(code: str, message: str) -> tuple[_Refused, dict[str, Any]]:
    """An answer that botocore takes for AWS's last word, its own retries being over."""
    return _Refused(), {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}}


@dataclass(frozen=True)
class Replica:
    engine: Engine
    cloud: Cloud


class Lab:
    """One sandbox, one database, replicas with faults; the machine's examples share them."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        endpoints = json.loads(sandbox.environment()["EGRET_ENDPOINTS"])
        user = environment_of(sandbox, PREFIX)
        self.settings = settings_of(
            folder,
            name_prefix=PREFIX,
            permissions_boundary_arn=user[BOUNDARY],
            regions=REGION,
            endpoints=endpoints,
        )
        prepare(self.settings)
        self.injector = Injector(user)
        # Proofs would start a process each; they fail here, and that must harm nothing.
        self.injector.session.events.register("before-call.lambda.Invoke", self._no_probe)
        faulty = Clients(sandbox.info.aws_endpoint, self.injector.session)
        self.replicas = [
            Replica(
                engine_of(self.settings, f"replica {number}"),
                connected(faulty, poll_s=worker.POLL_S),
            )
            for number in range(replicas.count())
        ]
        self.clients = Clients(sandbox.info.aws_endpoint)

    @staticmethod
    def _no_probe(**_: object) -> Any:
        return refusal("ServiceException", "Lambda is not there.")

    @property
    def engine(self) -> Engine:
        return self.replicas[0].engine

    @contextmanager
    def replica(self) -> Iterator[CloudScope]:
        """The next one that does something."""
        self.replicas.append(self.replicas.pop(0))
        one = self.replicas[-1]
        with Session(one.engine, expire_on_commit=False) as session:
            yield CloudScope(session, worker.ACTOR, one.cloud, self.settings)

    def allocations(self) -> set[str]:
        return allocations(self.clients, REGION)

    def release_strays(self) -> None:
        """What a failing example lost must not fail the next one."""
        for allocation_id in self.allocations():
            self.clients.ec2(REGION).release_address(AllocationId=allocation_id)


@contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    with (
        Sandbox.start(folder / "sandbox", pace_s=0, address_quota=ADDRESS_QUOTA) as sandbox,
        credentials_of(sandbox),
    ):
        opened = Lab(sandbox, folder / "data")
        yield opened
        for each in opened.replicas:
            each.engine.dispose()


def machine(at: Lab) -> type[RuleBasedStateMachine]:
    """Networks with one NAT gateway or with one per zone, and changes from either to either."""

    class AnyOrder(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self._clear()
            at.release_strays()
            self.held = at.allocations()

        @initialize(zones=st.integers(1, 2), nat=kinds_of_nat, fault=faults)
        def begin(self, zones: int, nat: Nat, fault: Fault | None) -> None:
            self.create(zones, nat, fault)

        @rule(zones=st.integers(1, 2), nat=kinds_of_nat, fault=faults)
        def create(self, zones: int, nat: Nat, fault: Fault | None) -> None:
            new = NewNetwork(name=worker.NAME, region=REGION, availability_zones=zones, nat=nat)
            self._run(fault, lambda scope: networks.create(scope, new))

        @rule(fault=faults)
        def retry(self, fault: Fault | None) -> None:
            self._do(fault, networks.retry)

        @rule(fault=faults)
        def park(self, fault: Fault | None) -> None:
            self._do(fault, networks.park)

        @rule(fault=faults)
        def unpark(self, fault: Fault | None) -> None:
            self._do(fault, networks.unpark)

        @rule(zones=st.integers(2, 3), nat=kinds_of_nat, fault=faults, again=faults)
        def change(self, zones: int, nat: Nat, fault: Fault | None, again: Fault | None) -> None:
            new = NewChange(availability_zones=zones, nat=nat)
            self._run(fault, lambda scope: change.create(scope, worker.NAME, new))
            self._do(again, change.confirm)

        @rule(fault=faults)
        def withdraw(self, fault: Fault | None) -> None:
            self._do(fault, change.withdraw)

        @rule(fault=faults)
        def delete(self, fault: Fault | None) -> None:
            self._do(fault, networks.delete, typed=worker.NAME)

        @rule(fault=faults)
        def allocate(self, fault: Fault | None) -> None:
            self._run(fault, lambda scope: addresses.create(scope, site=Site(None, REGION)))

        @rule(fault=faults)
        def release(self, fault: Fault | None) -> None:
            """The only thing that may take an allocation away, and only the one that was typed."""
            with Session(at.engine) as session:
                free = addresses.free(session)
            if free:
                self.held.discard(free[0].allocation_id or "")
                self._run(fault, lambda scope: _release(scope, free[0]))

        @invariant()
        def rows_equal_aws(self) -> None:
            with Session(at.engine) as session:
                found = world(session, at.clients, at.settings)
                network = session.exec(select(Network)).first()
            assert found["agree"], found
            assert found["nat_addresses_are_ours"], found
            if network is None:
                assert found["vpcs"] == found["nat_gateways"] == 0, found
            elif network.status in (Status.READY, Status.PARKED):
                running = network.nat_gateways if network.status is Status.READY else 0
                assert (found["vpcs"], found["nat_gateways"]) == (1, running), found

        @invariant()
        def no_address_is_lost(self) -> None:
            now = at.allocations()
            assert self.held <= now
            self.held = now

        def teardown(self) -> None:
            self._clear()
            assert not at.allocations()

        def _clear(self) -> None:
            if _status(at):
                self._do(None, networks.delete, typed=worker.NAME)
            self._run(None, worker.release_all)

        def _do(self, fault: Fault | None, service: Any, **options: Any) -> None:
            self._run(fault, lambda scope: service(scope, worker.NAME, **options))

        def _run(self, fault: Fault | None, service: Callable[[CloudScope], object]) -> None:
            """Click, go on in the background; after a crash another process goes on."""
            at.injector.arm(fault)
            try:
                with at.replica() as scope:
                    service(scope)
                    worker.drive(scope.session, scope.own, scope.settings)
            except (Crash, EgretError):
                pass
            at.injector.arm(None)
            with at.replica() as scope:
                worker.outlive(scope.session)
                worker.drive(scope.session, scope.own, scope.settings)
                compare_with_aws(scope, Site(None, REGION))

    return AnyOrder


def _status(at: Lab) -> Status | None:
    with Session(at.engine) as session:
        network = session.exec(select(Network)).first()
        return network.status if network else None


def _release(scope: CloudScope, address: Address) -> None:
    addresses.release(scope, address.id, typed=address.public_ip or address.id)
