"""The rules of this repository that a program can check; what they mean is in `tests/syntax.py`."""

import ast
import re
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from tests import syntax
from tests.fast import thorough

pytestmark = thorough("all sources are read")

ROOT = Path(__file__).parents[1]
LINES_MAX = 300
ROOMS_MAX = 12
ROOM_FILES_MAX = 8
MACHINES = re.compile(r"(?<!quotas)/(?:root|home|work)/|https?://[\w.]*(?:pypi|debian)\.org")
CODE = ("webapp", "lambda_templates", "migrations", "docs", "deploy", "tests")
TESTED = ("services", "aws", "partners")
WITHOUT_LOGIC = {
    "aws/__init__.py",  # puts the adapters together; every test with a `cloud` does it
    "partners/__init__.py",  # the table of partners
}


def files(*suffixes: str) -> list[Path]:
    """What belongs to the project, by git."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    paths = [ROOT / line for line in listed.splitlines()]
    return [path for path in paths if path.suffix in suffixes and path.exists()]


def sources(*folders: str) -> list[Path]:
    roots = [ROOT / folder for folder in folders]
    return [p for p in files(".py") if any(p.is_relative_to(root) for root in roots)]


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_no_test_patches_what_it_tests() -> None:
    found = [place(p, line) for p in sources("tests") for line in syntax.patches_in(p.read_text())]
    assert not found


def test_only_the_clients_start_threads_that_call_aws() -> None:
    """They let go of the database first, which a thread of a pool cannot do for who waits."""
    own = [path for path in sources("webapp") if "sandbox" not in path.parts]
    found = [path.name for path in own if "ThreadPoolExecutor" in path.read_text()]
    assert found == ["clients.py"]


@thorough("it reads the syntax of all tests")
def test_every_test_asserts_something() -> None:
    trees = {path: syntax.parsed(path) for path in sources("tests")}
    asserting = syntax.asserting([*trees.values()])
    assert not [
        place(path, test.lineno)
        for path, tree in trees.items()
        for test in syntax.tests_of(tree)
        if test not in asserting
    ]


def test_each_file_with_logic_has_its_tests_under_the_same_path() -> None:
    there = {path.relative_to(ROOT / "tests") for path in sources("tests")}
    missing = [
        f"tests/{path.with_name(f'test_{path.name}')}"
        for noun in TESTED
        for source in sources(f"webapp/{noun}")
        if syntax.has_logic(syntax.parsed(source))
        and (path := source.relative_to(ROOT / "webapp")).as_posix() not in WITHOUT_LOGIC
        and path.with_name(f"test_{path.name}") not in there
    ]
    assert not missing


def test_no_room_of_the_services_is_crowded() -> None:
    """A room's `__init__` only names what callers use."""
    services = ROOT / "webapp" / "services"
    packages = {path.parent for path in services.rglob("__init__.py")}
    rooms = [path for path in packages if path.parent == services]
    sizes = {room.name: len([*room.glob("[!_]*.py")]) for room in packages - {services}}
    assert len(rooms) + len([*services.glob("[!_]*.py")]) <= ROOMS_MAX
    assert not {room: size for room, size in sizes.items() if size > ROOM_FILES_MAX}


def test_no_file_is_too_long() -> None:
    paths = [*sources(*CODE), *files(".js", ".css")]
    lengths = {path: len(path.read_text().splitlines()) for path in paths}
    assert not {place(path, n) for path, n in lengths.items() if n > LINES_MAX}


def test_no_file_names_a_machine_or_a_registry() -> None:
    own = Path(__file__)
    suffixes = (".py", ".md", ".toml", ".lock", ".html", ".js", ".css", ".yaml", "")
    found = [p for p in files(*suffixes) if p != own and MACHINES.search(p.read_text())]
    assert not found


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("import unittest.mock", [1]),
        ("from unittest import mock", [1]),
        ("from unittest.mock import Mock, patch", [1]),
        ("x = 1\nmonkeypatch.setattr(module, 'name', 1)", [2]),
        ("monkeypatch.setenv('NAME', 'value')\n# mock.patch is not used", []),
        ("import httpx\nhttpx.MockTransport(handle)", []),
    ],
)
def test_a_patch_is_found_and_what_only_looks_like_one_is_not(code: str, lines: list[int]) -> None:
    assert syntax.patches_in(code) == lines


def test_a_test_that_asserts_nothing_is_found() -> None:
    helpers = """
        class Api:
            def settled(self): assert self
            def get(self): pass
        def check(page): expect(page)
        def check_all(pages): [check(page) for page in pages]
        def get(page): return page
    """
    tests = """
        def test_by_itself(): assert 1
        def test_by_raises():
            with pytest.raises(ValueError): int("x")
        def test_by_a_helper(api): check_all([api])
        def test_by_a_method(api): api.settled()
        def test_that_only_calls(api): api.get()
        def test_that_only_loops(): [get(page) for page in range(3)]
    """
    trees = [ast.parse(dedent(code)) for code in (helpers, tests)]
    asserting = syntax.asserting(trees)
    idle = [test.name for test in syntax.tests_of(trees[1]) if test not in asserting]
    assert idle == ["test_that_only_calls", "test_that_only_loops"]


def test_a_protocol_and_a_dataclass_have_no_logic() -> None:
    protocol = "class P(Protocol):\n  def f(self):\n    'What it does.'\n  def g(self): ..."
    assert not syntax.has_logic(ast.parse(protocol))
    assert not syntax.has_logic(ast.parse("@dataclass\nclass A:\n  name: str"))
    assert syntax.has_logic(ast.parse("def f(x):\n  'What it does.'\n  return x"))
