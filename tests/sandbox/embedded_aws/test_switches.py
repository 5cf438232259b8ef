"""Switches: which attempt fails, how often, and until when one hangs."""

import json
import threading
from typing import Any

import pytest

from webapp.sandbox.embedded_aws.switches import Switches

CREATE = {"stack": "main", "resource": "Vpc", "when": "create", "reason": "Out of VPCs."}
TIMEOUT_S = 10.0


def switches(*given: dict[str, Any]) -> Switches:
    made = Switches()
    made.put(json.dumps(given).encode())
    return made


def test_a_resource_fails_once_with_the_reason() -> None:
    made = switches(CREATE)
    with pytest.raises(ValueError, match=r"Out of VPCs\."):
        made.check("main", "Vpc", "create")
    made.check("main", "Vpc", "create")


@pytest.mark.parametrize(
    "attempt", [("other", "Vpc", "create"), ("main", "Nat", "create"), ("main", "Vpc", "delete")]
)
def test_nothing_else_fails(attempt: tuple[str, str, str]) -> None:
    switches(CREATE).check(*attempt)


def test_it_fails_the_given_number_of_times_after_the_skipped_attempts() -> None:
    made = switches(CREATE | {"skip": 1, "times": 2})
    made.check("main", "Vpc", "create")
    for _ in range(2):
        with pytest.raises(ValueError):
            made.check("main", "Vpc", "create")
    made.check("main", "Vpc", "create")


def test_an_empty_list_removes_all_switches() -> None:
    made = switches(CREATE)
    made.put(b"[]")
    made.check("main", "Vpc", "create")


def test_an_attempt_hangs_until_its_switch_is_removed() -> None:
    made = switches(CREATE | {"hold": True})
    attempt = threading.Thread(target=made.check, args=("main", "Vpc", "create"))
    attempt.start()
    attempt.join(0.1)
    assert attempt.is_alive()
    made.put(b"[]")
    attempt.join(TIMEOUT_S)
    assert not attempt.is_alive()
