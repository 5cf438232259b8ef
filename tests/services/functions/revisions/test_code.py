"""The code of a revision: its hash, and what Python cannot read."""

from dataclasses import replace

import pytest

from webapp.errors import Invalid
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.revisions import code


@pytest.mark.parametrize(
    ("text", "told"),
    [("import os\ndef handler(:\n", "line 2"), ("x = 1\n  y = 2\n", "line 2"), ("\0", "not valid")],
)
def test_code_that_python_cannot_read_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        code.check("own", text)


def test_code_that_would_fail_when_it_runs_is_not_found_before() -> None:
    code.check("own", "import nothing_of_that_name\n")


def test_another_handler_has_another_hash() -> None:
    template = get_template("clash_rankings")
    changed = replace(template, handler=f"{template.handler}\n")
    assert code.hash_of(template) == code.hash_of(replace(template))
    assert code.hash_of(template) != code.hash_of(changed)
