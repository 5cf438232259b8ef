"""Anything that is done to networks in any order, with any fault: no address is lost."""

from pathlib import Path

from hypothesis.stateful import run_state_machine_as_test

from tests.faults.machine import HYPOTHESIS, lab, machine


def test_no_order_of_steps_and_faults_loses_an_address(tmp_path: Path) -> None:
    with lab(tmp_path) as opened:
        run_state_machine_as_test(machine(opened), settings=HYPOTHESIS)
