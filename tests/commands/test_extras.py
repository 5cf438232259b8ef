"""What an installation lacks is said in a sentence, before anything is started."""

import pytest

from webapp.commands.extras import need_sandbox
from webapp.errors import Unavailable


def test_without_the_extra_the_error_says_what_to_install() -> None:
    with pytest.raises(Unavailable) as refused:
        need_sandbox(("json", "no_such_module"))
    assert "(no_such_module missing)" in str(refused.value)
    assert "pip install --require-hashes -r requirements.lock" in str(refused.value)
