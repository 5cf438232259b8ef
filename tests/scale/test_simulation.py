"""Many networks on an AWS that throttles: the background work ends, whatever dies meanwhile."""

from pathlib import Path

from tests.fast import thorough
from tests.scale.simulation import STEPS, Simulation

ROWS = 120


@thorough("a simulation of many replicas")
def test_all_work_ends_although_aws_throttles_and_a_replica_dies(tmp_path: Path) -> None:
    found = Simulation(tmp_path, ROWS, regions=("eu-west-1",), per_s=2.0).run()
    assert (found.done, found.left, found.twice_at_once) == (ROWS, 0, 0)
    assert 0 < found.throttled < found.calls / 4
    assert found.taken_over > 0
    assert found.calls - found.throttled >= ROWS * sum(STEPS)
