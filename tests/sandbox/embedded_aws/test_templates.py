"""The faster parser reads each template as ministack's own does."""

from typing import Any

import pytest
import yaml
from ministack.services.cloudformation import engine

from webapp.aws.cloudformation.templates import FOLDER
from webapp.sandbox.embedded_aws.templates import FastLoader

OWN = engine.CfnLoader


@pytest.mark.parametrize("name", ["foundation", "network", "function"])
def test_a_template_is_read_as_in_python(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text()
    found = yaml.load(text, Loader=FastLoader)  # type: ignore[arg-type]  # it has what is needed
    assert found == yaml.load(text, Loader=OWN)
    assert "Ref" in str(found)


def test_what_one_caller_changes_no_other_gets() -> None:
    for _ in range(2):
        read: Any = yaml.load("a: {b: !Ref c}", Loader=FastLoader)  # type: ignore[arg-type]
        assert read.pop("a") == {"b": {"Ref": "c"}}
