"""The background work of many networks, on an AWS that throttles, in virtual time.

The lease table, the turns and the pace are the product's; the database's clock is virtual, too.
What is simulated is AWS and what a step does: the calls of building one network, and how long its
stack takes. Replicas may be killed: their leases expire, and others take over.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenlet import getcurrent
from sqlalchemy import Engine, event, insert, select
from sqlalchemy import func as sql

from tests.databases import quick_engine
from tests.scale.clock import Clock
from webapp.aws.pace import Budget, Pace, TurnQueueFull, patiently
from webapp.db import migrate
from webapp.models import Lease
from webapp.reconciler import LOOK_S, THREADS
from webapp.services.engine import leases
from webapp.services.engine.leases import Work
from webapp.services.engine.turns import SharedTurns
from webapp.telemetry.counts import TAKEOVERS

POLL_S = 2.0
CALL_S = 0.1
STEPS = (3, 4, 4, 3)
"""Calls of each step: 14 for one network, as measured."""
STACK_S = 60.0
"""From one step to the next: a network's stack takes about three minutes."""
AFTER_ERROR_S = 5.0
ATTEMPTS = 3
DAY_S = 86_400
UNIX_DAY = 2_440_587.5


@dataclass
class ThrottlingAws:
    """Takes so many calls a second in each region, and as many more at once."""

    clock: Clock
    per_s: float
    _tokens: dict[str, tuple[float, float]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)

    def answer(self, region: str) -> dict[str, Any]:
        had, at_s = self._tokens.get(region, (self.per_s, self.clock.now))
        tokens = min(self.per_s, had + (self.clock.now - at_s) * self.per_s)
        self.calls[region] += 1
        if tokens < 1:
            self._tokens[region] = tokens, self.clock.now
            self.throttled[region] += 1
            return {"Error": {"Code": "Throttling"}}
        self._tokens[region] = tokens - 1, self.clock.now
        return {}


@dataclass(frozen=True)
class Result:
    done: int
    left: int
    took_s: float
    calls: int
    throttled: int
    taken_over: int
    twice_at_once: int
    """Steps of one network that two workers took at the same time; must be 0."""


@dataclass
class Simulation:
    """`killed_after_s` is when the last replica dies."""

    folder: Path
    rows: int
    replicas: int = 3
    regions: tuple[str, ...] = ("eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-1")
    per_s: float = 10.0
    killed_after_s: float = 30.0
    seed: int = 1

    def run(self) -> Result:
        self.clock = Clock(self.seed)
        self.aws = ThrottlingAws(self.clock, self.per_s)
        self.steps_done: Counter[str] = Counter()
        self.at_work: dict[str, Any] = {}
        self.done = self.twice = 0
        taken_over = sum(TAKEOVERS.read().values())
        url = f"sqlite:///{self.folder}/egret.db"
        migrate(url)
        engine, of_turns = self._engine(url), self._engine(url)
        self._fill(engine)
        workers = [self._start(engine, SharedTurns(of_turns)) for _ in range(self.replicas)]
        self.clock.start(lambda: self._kill(workers[-1]))
        self.clock.run()
        with engine.connect() as connection:
            left = connection.scalar(select(sql.count()).select_from(Lease)) or 0
        engine.dispose()
        of_turns.dispose()
        took_s = self.clock.now - self._began_s
        taken_over = sum(TAKEOVERS.read().values()) - taken_over
        calls, throttled = self.aws.calls.total(), self.aws.throttled.total()
        return Result(self.done, left, took_s, calls, throttled, taken_over, self.twice)

    def _engine(self, url: str) -> Engine:
        """The product's, whose clock (`now_s`) is ours."""
        engine = quick_engine(url)

        @event.listens_for(engine, "connect")
        def set_clock(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA synchronous=OFF")
            connection.create_function(
                "julianday", 1, lambda _when: self.clock.now / DAY_S + UNIX_DAY
            )

        return engine

    def _fill(self, engine: Engine) -> None:
        self._began_s = self.clock.now
        rows = [
            {"resource": f"network:{number}", "due_at": self.clock.now, "owner": "", "fence": 0}
            for number in range(self.rows)
        ]
        with engine.begin() as connection:
            connection.execute(insert(Lease), [row | {"expires_at": 0.0} for row in rows])

    def _start(self, engine: Engine, turns: SharedTurns) -> list[Any]:
        """A replica: its threads share a pace and a budget."""
        pace = Pace(turns, self.clock.sleep, Budget(POLL_S, self.clock))
        return [self.clock.start(lambda: self._work(engine, pace)) for _ in range(THREADS)]

    def _kill(self, workers: list[Any]) -> None:
        self.clock.sleep(self.killed_after_s)
        for worker in workers:
            self.clock.kill(worker)
        self.at_work = {name: who for name, who in self.at_work.items() if who not in workers}

    def _work(self, engine: Engine, pace: Pace) -> None:
        """Until nothing is left, not even what somebody else is doing."""
        handlers = {"network": lambda work: self._step(work, pace)}
        with patiently():
            while True:
                if leases.run_one(engine, handlers, those=leases.CANNOT_WAIT):
                    continue
                if self.done == self.rows:
                    return
                self.clock.sleep(LOOK_S)

    def _step(self, work: Work, pace: Pace) -> None:
        self.twice += work.resource in self.at_work
        self.at_work[work.resource] = getcurrent()
        number = int(work.row_id)
        region = self.regions[number % len(self.regions)]
        finished = self._ask(pace, region, STEPS[self.steps_done[work.resource]])
        self.at_work.pop(work.resource, None)
        if not finished:
            work.run_again(in_s=AFTER_ERROR_S * (1 + self.clock.random.random()))
            return
        if self.steps_done[work.resource] + 1 < len(STEPS):
            work.run_again(in_s=STACK_S * (0.8 + 0.4 * self.clock.random.random()))
        else:
            work.finish()
            self.done += 1
        self.steps_done[work.resource] += 1

    def _ask(self, pace: Pace, region: str, calls: int) -> bool:
        """False when AWS throttled one of the calls three times, or too many wait for it."""
        with suppress(TurnQueueFull):
            return all(self._call(pace, region) for _ in range(calls))
        return False

    def _call(self, pace: Pace, region: str) -> bool:
        for attempt in range(ATTEMPTS):
            pace.wait_for_turn(region)
            answer = self.aws.answer(region)
            pace.observe(region, answer)
            self.clock.sleep(CALL_S * 2**attempt)
            if not answer:
                return True
        return False
