"""Where AWS throttles: one call a second to the region, all threads together. Time is virtual."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise

import pytest
from botocore.exceptions import ClientError

from tests.answering import answering
from tests.clouds import connected
from webapp.aws.clients import Clients
from webapp.aws.errors import NotReached, QuotaExceeded
from webapp.aws.functions import Functions
from webapp.aws.pace import (
    PEAK,
    PEAK_S,
    SLOW_FOR_S,
    WAIT_MAX_S,
    Budget,
    BudgetSpent,
    LocalTurns,
    Pace,
    Stopping,
    TurnQueueFull,
    patiently,
)

REGION = "eu-central-1"
THROTTLED = {"Error": {"Code": "RequestLimitExceeded"}}


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def paced() -> tuple[Pace, Time]:
    time = Time()
    return Pace(LocalTurns(time.clock), time.sleep), time


def slowed_down() -> LocalTurns:
    """Time stands still."""
    turns = LocalTurns(Time().clock)
    turns.slow_down(REGION)
    return turns


def test_nothing_waits_while_nothing_is_throttled() -> None:
    pace, time = paced()
    for _ in range(50):
        pace.wait_for_turn(REGION)
        pace.observe(REGION, {})
    assert time.now == 100.0


def test_a_minute_of_throttling_sees_one_call_a_second() -> None:
    pace, time = paced()
    pace.observe(REGION, THROTTLED)
    sent = []
    while time.now < 160:
        pace.wait_for_turn(REGION)
        sent.append(time.now)
        pace.observe(REGION, THROTTLED)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert min(gaps) >= 1.0
    assert 55 <= len(sent) <= 61


class Throttling(BaseHTTPRequestHandler):
    """Refuses everything as Lambda does, whether a function is run or changed."""

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(429)
        self.send_header("x-amzn-ErrorType", "TooManyRequestsException")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def test_running_too_many_functions_at_once_does_not_slow_the_control_plane_down() -> None:
    turns = LocalTurns(Time().clock)
    with answering(HTTPServer(("127.0.0.1", 0), Throttling)) as server:
        clients = Clients(f"http://127.0.0.1:{server.server_port}", pace=Pace(turns), attempts=1)
        with pytest.raises(QuotaExceeded):
            Functions(clients).invoke(REGION, "f")
        assert turns.take(REGION) == 0.0
        with pytest.raises(ClientError):
            clients.awslambda(REGION).get_function_configuration(FunctionName="f")
        assert turns.take(REGION) == 1.0
        with pytest.raises(QuotaExceeded):
            Functions(clients).invoke(REGION, "f")
        assert turns.take(REGION) == 2.0, "running a function took no turn"


def test_waiting_threads_take_turns() -> None:
    turns = slowed_down()
    assert [turns.take(REGION) for _ in range(3)] == [1.0, 2.0, 3.0]


def test_another_region_is_not_slowed_down() -> None:
    assert slowed_down().take("us-east-1") == 0.0


def test_a_call_that_would_wait_too_long_is_refused_and_takes_no_turn() -> None:
    turns = slowed_down()
    waits = [turns.take(REGION) for _ in range(int(WAIT_MAX_S))]
    assert max(waits) == WAIT_MAX_S
    for _ in range(2):
        with pytest.raises(TurnQueueFull, match="wait for their turn"):
            turns.take(REGION)


def test_closing_the_pace_ends_all_waits() -> None:
    turns = slowed_down()
    pace = Pace(turns)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(pace.wait_for_turn, REGION)
        pace.close()
        with pytest.raises(Stopping):
            waiting.result()


def test_a_refused_call_looks_like_an_aws_that_does_not_answer() -> None:
    turns = LocalTurns(Time().clock)
    for _ in range(int(WAIT_MAX_S)):
        turns.slow_down(REGION)
        turns.take(REGION)
    cloud = connected(Clients("http://127.0.0.1:9", pace=Pace(turns)))
    with pytest.raises(NotReached, match="AWS throttles this region"):
        cloud.vpcs.availability_zones(REGION)


def test_the_region_is_fast_again_some_time_after_the_last_throttled_answer() -> None:
    pace, time = paced()
    pace.observe(REGION, THROTTLED)
    time.now += SLOW_FOR_S
    before = time.now
    pace.wait_for_turn(REGION)
    assert time.now == before


def on_a_budget() -> tuple[Pace, Time]:
    """Of eight calls in each poll of two seconds, and four more at once."""
    time = Time()
    return Pace(LocalTurns(time.clock), time.sleep, Budget(2.0, time.clock)), time


def test_the_background_calls_a_region_at_most_so_often() -> None:
    pace, time = on_a_budget()
    sent = []
    with patiently():
        while time.now < 160:
            pace.wait_for_turn(REGION)
            sent.append(time.now)
            time.now += 0.001
    assert max(sum(at <= each < at + 1 for each in sent) for at in sent) <= 10
    assert 230 <= len(sent) <= 60 * 4 + 4


def test_people_do_not_wait_for_the_background_but_it_does_for_them() -> None:
    pace, time = on_a_budget()
    with patiently():
        for _ in range(2):
            pace.wait_for_turn(REGION)
    for _ in range(PEAK - 2):
        pace.wait_for_turn(REGION)
    assert time.now == 100.0
    with patiently():
        pace.wait_for_turn(REGION)
    assert time.now == pytest.approx(101.25)


def test_at_most_ten_calls_begin_in_any_second_whoever_makes_them() -> None:
    pace, time = on_a_budget()
    sent = []
    for number in range(600):
        with patiently() if number % 30 < 5 else nullcontext():
            pace.wait_for_turn(REGION)
        late_s = number % 5 / 20  # until it is on its way
        sent.append(time.now + late_s)
        time.now += 5.0 if number % 60 == 0 else 0.0
    assert max(sum(at <= each <= at + 1 for each in sent) for at in sent) == PEAK


def test_people_who_ask_at_once_go_one_after_the_other_and_are_told_when_it_is_too_long() -> None:
    budget = Budget(2.0, Time().clock)
    waits = [budget.take(REGION) for _ in range(9 * PEAK)]
    assert waits == [PEAK_S * (number // PEAK) for number in range(9 * PEAK)]
    with pytest.raises(BudgetSpent):
        budget.take(REGION)
    assert budget.take("us-east-1") == 0.0


def test_the_background_gives_up_when_people_leave_it_nothing_for_long() -> None:
    time = Time()
    budget = Budget(2.0, time.clock)

    def meanwhile(seconds: float) -> None:
        time.sleep(seconds)
        with ThreadPoolExecutor(1) as people:
            list(people.map(budget.take, [REGION] * 20))

    pace = Pace(LocalTurns(time.clock), meanwhile, budget)
    meanwhile(0)
    with patiently(), pytest.raises(BudgetSpent):
        pace.wait_for_turn(REGION)
    assert time.now - 100 <= WAIT_MAX_S
