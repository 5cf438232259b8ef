"""The embedded AWS saves all of its state in one private file, about every second."""

import json

from tests.dashboard import wait_for
from tests.sandbox.lab import Lab, vpc
from webapp.sandbox.launcher import Sandbox

SAVED_WITHIN_S = 10.0


def test_a_stack_and_the_journal_of_its_resources_are_saved_together(
    lab: Lab, sandbox: Sandbox
) -> None:
    file = sandbox.folder / "aws" / "state.json"
    stack = lab.deployed(vpc(), {"Vpc": {"Ref": "Vpc"}})
    wait_for(lambda: file.exists() and f"{stack.id} Vpc" in file.read_text(), SAVED_WITHIN_S)
    saved = json.loads(file.read_text())
    assert {"ec2", "cloudformation"} <= saved.keys()
    assert saved["journal"][f"{stack.id} Vpc"][0] == stack.outputs["Vpc"]
    assert file.stat().st_mode & 0o077 == 0
