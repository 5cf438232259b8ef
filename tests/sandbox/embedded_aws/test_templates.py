"""The faster parser reads each template as ministack's own does."""

import pytest
import yaml
from ministack.services.cloudformation import engine

from webapp.aws.cloudformation.templates import FOLDER
from webapp.sandbox.embedded_aws.templates import FastLoader

OWN = engine.CfnLoader


@pytest.mark.parametrize("name", ["foundation", "network", "function"])
def test_a_template_is_read_as_in_python(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text()
    found = yaml.load(text, Loader=FastLoader)
    assert found == yaml.load(text, Loader=OWN)
    assert "Ref" in str(found)
