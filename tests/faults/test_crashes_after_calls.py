"""kill -9 right after AWS has answered each call: the second half of the sweep."""

from pathlib import Path

from tests.faults.sweep import sweep


def test_a_worker_killed_after_any_call_ends_where_an_uninterrupted_one_does(
    tmp_path: Path,
) -> None:
    sweep(tmp_path, after=True)
