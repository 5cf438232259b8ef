"""Handlers and shared code become one file that runs as it reads; what would not is refused."""

import re
import traceback
from pathlib import Path

import pytest

from webapp.services.functions.catalogue.code import FOLDER, CannotAssemble, assemble

SHARED = "from lambda_templates.shared"


def handler(folder: Path, text: str) -> Path:
    file = folder / "rates" / "handler.py"
    file.parent.mkdir()
    file.write_text(text)
    return file


def test_shared_files_come_once_each_before_what_needs_them(tmp_path: Path) -> None:
    text = (
        f"{SHARED}.partner import Partner\n{SHARED}.answers import (\n  Problem,\n)\nX = Problem\n"
    )
    code = assemble(handler(tmp_path, text))
    assert re.findall("^# (.*/.*)", code, re.MULTILINE) == [
        "shared/answers.py",
        "shared/partner.py",
        "rates/handler.py",
    ]
    assert "lambda_templates" not in code
    assert code.startswith("# shared/answers.py\nimport re\n")
    assert code.endswith("# rates/handler.py\nX = Problem\n")


def test_a_handler_without_shared_code_stays_as_it_is() -> None:
    probe = FOLDER / "egress_probe" / "handler.py"
    assert assemble(probe) == f"# egress_probe/handler.py\n{probe.read_text()}"


def test_a_traceback_shows_the_line_of_the_shared_file(tmp_path: Path) -> None:
    index = tmp_path / "index.py"
    index.write_text(
        assemble(handler(tmp_path, f"{SHARED}.key import Secret\nSecret({{}}, None)\n"))
    )
    with pytest.raises(KeyError) as raised:
        exec(compile(index.read_text(), str(index), "exec"), {"__name__": "index"})
    *_, last = traceback.extract_tb(raised.value.__traceback__)
    assert last.line
    assert last.line in (FOLDER / "shared" / "key.py").read_text()


def test_only_what_python_takes_for_the_end_of_a_line_is_one(tmp_path: Path) -> None:
    odd = '"""a\x0cb\u2028c"""\n'
    made = assemble(handler(tmp_path, f"{odd}{SHARED}.answers import Problem\nX = 1\n"))
    assert made.endswith(f"# rates/handler.py\n{odd}X = 1\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{SHARED}.none import X\n", "line 1: there is no shared file none.py."),
        (f"\n{SHARED}.answers import Problem as P\n", "line 2: write `from lambda_templates"),
        (f"{SHARED}.answers import *\n", "line 1: write `from"),
        ("import lambda_templates.shared.answers\n", "line 1: write `from"),
        ("from lambda_templates import shared\n", "line 1: write `from"),
        (f"def f():\n    {SHARED}.answers import Problem\n", "line 2: write `from"),
        (f"{SHARED}.answers import Problem\nPLAIN = 1\n", "line 2: `PLAIN` means another thing"),
        (f"{SHARED}.key import Key\nimport a as json\n", "line 2: `json` means another thing"),
        (f"{SHARED}.key import Key\nclass Secret: pass\n", "line 2: `Secret` means another"),
        (f"from __future__ import annotations\n{SHARED}.key import Key\n", "line 1: shared code"),
        (f"{SHARED}.answers import Problem; X = 1\n", "line 1: the import of shared code needs"),
        ("def handler(:\n", "line 1: invalid syntax"),
    ],
)
def test_what_would_mean_another_thing_in_one_file_is_refused(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(CannotAssemble, match=re.escape(f"rates/handler.py, {why}")):
        assemble(handler(tmp_path, text))
