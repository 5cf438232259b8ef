"""What the product's sources never do, each for the weakness that it would be.

The sandbox is left out: it runs code of functions, which is its purpose, and is in no image.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.fast import thorough
from tests.syntax import parsed

pytestmark = thorough("all sources are read")

ROOT = Path(__file__).parents[1]
RUNS_TEXT = {"eval", "exec", "__import__", "os.system", "os.popen"}
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "telnetlib", "ftplib", "xml"}
SQL_FROM_TEXT = {"text", "sa.text", "sqlalchemy.text"}
INTO_THE_PAGE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTMLUnsafe|new Function|\beval\("
)
PASSWORD = re.compile(r'<input[^>]*name="[^"]*password[^"]*"[^>]*>')


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    paths = [*(ROOT / "webapp").rglob("*.py"), *(ROOT / "lambda_templates").rglob("*.py")]
    own = [path for path in paths if "sandbox" not in path.parts]
    return [(str(path.relative_to(ROOT)), node) for path in own for node in ast.walk(parsed(path))]


@cache
def calls() -> list[tuple[str, ast.Call, str]]:
    """Where, and of what, by the name that it has there."""
    found = [(path, node) for path, node in nodes() if isinstance(node, ast.Call)]
    return [(path, call, ast.unparse(call.func)) for path, call in found]


@cache
def imports() -> list[tuple[str, str]]:
    plain = [(p, name.name) for p, n in nodes() if isinstance(n, ast.Import) for name in n.names]
    return plain + [(p, n.module or "") for p, n in nodes() if isinstance(n, ast.ImportFrom)]


def pages() -> Iterator[tuple[str, str]]:
    for path in (ROOT / "templates").rglob("*.html"):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def scripts() -> Iterator[tuple[str, str]]:
    for path in (ROOT / "static").glob("*.js"):
        yield path.name, path.read_text(encoding="utf-8")


def test_no_text_is_run_as_code() -> None:
    assert not [(path, call.lineno) for path, call, name in calls() if name in RUNS_TEXT]


def test_only_the_command_starts_a_process_and_never_by_a_shell() -> None:
    assert {path for path, name in imports() if name == "subprocess"} == {"webapp/cli.py"}
    assert not [path for path, call, _ in calls() if any(k.arg == "shell" for k in call.keywords)]


def test_nothing_is_read_by_a_parser_that_makes_objects_or_follows_entities() -> None:
    assert not [found for found in imports() if found[1].partition(".")[0] in UNSAFE_MODULES]
    ((path, load),) = [(path, call) for path, call, name in calls() if name == "yaml.load"]
    loader = ast.unparse(load.args[1])
    source = (ROOT / path).read_text(encoding="utf-8")
    assert f"class {loader}(safe)" in source
    assert "safe: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader" in source


def test_sql_is_never_put_together() -> None:
    """What is not asked by expressions is a constant text; settings of a connection are in db, and
    those for a backup beside it."""
    texts = [call for _, call, name in calls() if name in SQL_FROM_TEXT]
    assert not [call.lineno for call in texts if not isinstance(call.args[0], ast.Constant)]
    assert {path for path, _, name in calls() if name.endswith("exec_driver_sql")} == {
        "webapp/backup/copies.py",
        "webapp/backup/tables.py",
        "webapp/db.py",
    }


def test_what_must_not_be_guessed_is_made_by_the_systems_generator() -> None:
    with_chance = {path for path, name in imports() if name == "random"}
    with_secrets = {path for path, name in imports() if name == "secrets"}
    assert not with_chance & with_secrets
    assert "webapp/services/whitelists.py" in with_secrets


def test_pages_come_from_files_and_escape_what_they_show() -> None:
    assert not [path for path, _, name in calls() if name.endswith("from_string")]
    assert not [path for path, text in pages() if re.search(r"\|\s*safe\b|autoescape", text)]
    (environment,) = [call for _, call, name in calls() if name.endswith("Environment")]
    assert {k.arg: ast.unparse(k.value) for k in environment.keywords}["autoescape"] == "True"


def test_pages_have_no_script_or_style_of_their_own() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\son[a-z]+=|\sstyle=|javascript:")
    assert not [(path, found[0]) for path, text in pages() if (found := inline.search(text))]


def test_scripts_put_no_text_into_the_page_as_html_but_by_the_policy() -> None:
    for name, text in scripts():
        assert not INTO_THE_PAGE.search(text), name
        assert text.count("parseFromString(") == text.count("policy.createHTML("), name


def test_scripts_keep_nothing_but_the_theme_and_take_no_messages() -> None:
    for name, text in scripts():
        kept = re.findall(r"(?:local|session)Storage\.\w+\(\"?(\w+)", text)
        assert set(kept) <= {"theme"}, name
        assert not re.search(r"indexedDB|postMessage|\"message\"", text), name


def test_a_password_is_masked_and_can_be_filled_in_by_a_password_manager() -> None:
    fields = [field for _, text in pages() for field in PASSWORD.findall(text)]
    assert fields
    assert all('type="password"' in field and "autocomplete=" in field for field in fields)
    assert not [field for field in fields if 'autocomplete="off"' in field]
