"""What test dashboards are forked from."""

import os
import subprocess
import sys

from tests.compiled import FOLDER


def test_it_is_imported_outside_a_run_of_tests_too() -> None:
    others = {name: value for name, value in os.environ.items() if name != FOLDER}
    imported = subprocess.run([sys.executable, "-m", "tests.imported"], env=others, check=False)
    assert imported.returncode == 0
