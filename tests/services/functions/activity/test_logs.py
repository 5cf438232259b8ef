"""A function's log, searched in the embedded CloudWatch."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.services.functions.activity.logged import a_log
from tests.services.rows import add_function
from webapp.aws.clients import Clients
from webapp.aws.logs import Log
from webapp.errors import Conflict, Invalid
from webapp.models import Status
from webapp.scope import CloudScope
from webapp.services.functions.activity import logs
from webapp.services.functions.activity.logs import LogQuery

LINES = [
    (9, "START RequestId: r-1 Version: 3"),
    (8, "[INFO]\tr-1\thello"),
    (7, "[ERROR] KeyError: 'x' of r-1\nTraceback (most recent call last):\n  File"),
    (6, "[WARNING]\tr-2\t{ $.a = 1 }"),
    (5, '{"level": "ERROR", "status": 500, "id": "r-2"}'),
    (4, "no [ERROR] here"),
]


@pytest.fixture(scope="module")
def name(clients: Clients) -> Iterator[str]:
    with a_log(clients, LINES) as made:
        yield made


@pytest.fixture
def ask(scope: CloudScope, name: str) -> Any:
    add_function(scope.session, outputs={"FunctionName": f"{name}:live"})

    def ask(**query: Any) -> Log:
        return logs.read(scope, "fun", LogQuery(**query))

    return ask


def ages(log: Log) -> list[int]:
    """Of the lines that were found."""
    age_of = {text: age for age, text in LINES}
    return [age_of[line.message] for line in log.lines]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [9, 8, 7, 6, 5, 4]),
        ({"text": "hello"}, [8]),
        ({"text": "HELLO"}, []),
        ({"text": "[ERROR]"}, [7, 4]),
        ({"text": "-START"}, []),
        ({"text": "{ $.a = 1 }"}, []),
        ({"text": "{ $.status = 500 }"}, [5]),
        ({"text": "$.a"}, [6]),
        ({"level": "error"}, [7, 5]),
        ({"level": "warning"}, [7, 6, 5]),
        ({"level": "info"}, [8, 7, 6, 5, 4]),
        ({"request_id": "r-1"}, [9, 8, 7]),
        ({"request_id": "r-1", "level": "error"}, [7]),
        ({"request_id": "r-2", "text": "{ $.status = 500 }", "level": "error"}, [5]),
        ({"request_id": "r-1", "text": "{ $.status = 500 }"}, []),
        ({"lines": 2}, [5, 4]),
    ],
)
def test_lines_are_searched_by_text_level_and_request(
    ask: Any, query: Any, found: list[int]
) -> None:
    assert ages(ask(**query)) == found


def test_older_lines_are_on_the_next_page(ask: Any) -> None:
    assert ages(ask(lines=4, before=ask(lines=2).older)) == [9, 8, 7, 6]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"level": "fatal"}, "level"),
        ({"text": "x" * 201}, "filter"),
        ({"text": "{ $.status = }"}, "filter"),
        ({"request_id": "a b"}, "request"),
    ],
)
def test_a_bad_search_is_refused_at_its_field(ask: Any, query: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(**query)
    assert field in refused.value.errors


def test_a_function_that_does_not_exist_yet_has_no_log(offline: CloudScope) -> None:
    add_function(offline.session, status=Status.CREATING)
    with pytest.raises(Conflict) as refused:
        logs.read(offline, "fun", LogQuery())
    assert refused.value.code == "function_not_ready"
