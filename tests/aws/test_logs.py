"""A function's log, from what CloudWatch answers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.logs import IDLE_PAGES_MAX, Log, LogLine, Logs, Search
from webapp.aws.newest_lines import LINES_MAX
from webapp.errors import Invalid

REGION, NAME = "eu-central-1", "egret-shop"
SINCE = datetime(2026, 11, 25, 12, tzinfo=UTC)


def pages(*events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As CloudWatch gives them: each page but the last has a token for the next."""
    numbered = [{"events": found, "nextToken": str(n)} for n, found in enumerate(events)]
    return [*numbered[:-1], {"events": events[-1]}]


def lines(first: int, last: int) -> list[dict[str, Any]]:
    return [{"timestamp": n, "message": f"{n}\n"} for n in range(first, last + 1)]


def test_the_log_is_the_newest_lines_without_their_ends(offline: Clients) -> None:
    with Stubber(offline.logs(REGION)) as stub:
        stub.add_response("filter_log_events", {"events": lines(1, 350)})
        log = Logs(offline).newest(REGION, NAME)
    assert log.complete
    assert len(log.lines) == LINES_MAX
    assert (log.lines[0], log.lines[-1]) == (LogLine(151, "151"), LogLine(350, "350"))


def test_a_quiet_functions_log_is_searched_further_back_without_doubling_lines(
    offline: Clients,
) -> None:
    asked: list[dict[str, Any]] = []
    offline.logs(REGION).meta.events.register(
        "provide-client-params.cloudwatch-logs.FilterLogEvents",
        lambda params, **_: asked.append(dict(params)),
    )
    with Stubber(offline.logs(REGION)) as stub:
        for _ in range(20):
            stub.add_response("filter_log_events", {"events": []})
        assert Logs(offline).newest(REGION, NAME) == Log([], complete=True)
    assert "endTime" not in asked[0]
    for newer, older in pairwise(asked):
        assert older["endTime"] == newer["startTime"] - 1


def test_a_function_that_never_ran_has_no_log(offline: Clients) -> None:
    with Stubber(offline.logs(REGION)) as stub:
        stub.add_client_error("filter_log_events", "ResourceNotFoundException")
        assert Logs(offline).newest(REGION, NAME) == Log([], complete=True, exists=False)
        stub.add_client_error("filter_log_events", "ResourceNotFoundException")
        assert not Logs(offline).ran_since(REGION, NAME, SINCE)


@pytest.mark.parametrize(
    ("answers", "ran"),
    [
        (pages([]), False),
        (pages([], [{"message": "START RequestId: 1"}]), True),
        (pages(*[[]] * 40), False),
        (pages(*[[]] * (IDLE_PAGES_MAX + 2))[:IDLE_PAGES_MAX], True),
    ],
)
def test_whether_a_function_ran_is_read_from_its_log(
    offline: Clients, answers: list[dict[str, Any]], ran: bool
) -> None:
    with Stubber(offline.logs(REGION)) as stub:
        for answer in answers:
            stub.add_response("filter_log_events", answer)
        assert Logs(offline).ran_since(REGION, NAME, SINCE) is ran
        stub.assert_no_pending_responses()


def test_a_search_asks_for_its_times_and_its_pattern(offline: Clients) -> None:
    until = datetime.now(UTC) - timedelta(hours=1)
    search = Search(since=until - timedelta(minutes=1), until=until, pattern='"x"')
    with Stubber(offline.logs(REGION)) as stub:
        asked = {
            "logGroupName": f"/aws/lambda/{NAME}",
            "startTime": int((until - timedelta(minutes=1)).timestamp() * 1000),
            "endTime": int(until.timestamp() * 1000),
            "filterPattern": '"x"',
        }
        stub.add_response("filter_log_events", {"events": []}, asked)
        assert Logs(offline).newest(REGION, NAME, search) == Log([], complete=True)


def test_a_pattern_that_cloudwatch_refuses_is_an_error_of_the_filter(offline: Clients) -> None:
    with Stubber(offline.logs(REGION)) as stub:
        stub.add_client_error(
            "filter_log_events", "InvalidParameterException", "Invalid filter pattern"
        )
        with pytest.raises(Invalid, match="Invalid filter pattern") as refused:
            Logs(offline).newest(REGION, NAME, Search(pattern="{ $.x"))
    assert "filter" in refused.value.errors


def test_new_lines_are_read_from_a_time_on(offline: Clients) -> None:
    with Stubber(offline.logs(REGION)) as stub:
        for answer in pages(lines(3, 4), [], lines(1, 2)):
            stub.add_response("filter_log_events", answer)
        found = Logs(offline).since(REGION, NAME, SINCE)
        assert [line.message for line in found] == ["1", "2", "3", "4"]
        stub.add_client_error("filter_log_events", "ResourceNotFoundException")
        assert Logs(offline).since(REGION, NAME, SINCE) == []
