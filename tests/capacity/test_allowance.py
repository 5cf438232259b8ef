"""A flood of refused tries writes a bounded number of rows."""

import time

import pytest

from webapp.capacity.allowance import ANONYMOUS_ROWS_A_MINUTE, ROWS_A_MINUTE, Allowance
from webapp.scope import NOBODY, Origin


@pytest.mark.parametrize(
    ("role", "most"), [("", ANONYMOUS_ROWS_A_MINUTE), ("viewer", ROWS_A_MINUTE)]
)
def test_a_flood_does_not_fill_the_disk(role: str, most: int) -> None:
    allowance, before = Allowance(), time.monotonic() // 60
    origins = (Origin(role, str(number)) for number in range(2 * most))
    kept = sum(allowance.take(NOBODY, origin, "park") for origin in origins)
    assert most <= kept <= most * (1 + time.monotonic() // 60 - before)


def test_a_client_that_has_not_signed_in_has_one_row_of_each_action() -> None:
    allowance = Allowance()
    tries = ("a park", "b park", "a park", "a delete")
    taken = [
        allowance.take(NOBODY, Origin(client_address=client), action)
        for client, action in map(str.split, tries)
    ]
    assert taken.count(True) in (3, 4), "4 if a minute has just ended"
    assert (taken[0], taken[1], taken[3]) == (True, True, True)
