"""What the house rules ask of Python code, answered from its syntax tree."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

FAKES = {"mock", "unittest.mock", "pytest_mock"}
PATCHES = {"setattr", "setitem", "delattr", "delitem"}
ASSERTING_CALLS = {"raises", "expect", "assert_no_pending_responses", "run_state_machine_as_test"}
CHECK_OF_ALEMBIC = "command.check"


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def functions(tree: ast.AST) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def patches(tree: ast.AST) -> list[int]:
    """The lines that import a mock, or patch by `monkeypatch`, whose `setenv` is no patch."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and FAKES & {name.name for name in node.names})
        or (isinstance(node, ast.ImportFrom) and _imports_a_fake(node))
        or (
            isinstance(node, ast.Attribute)
            and node.attr in PATCHES
            and ast.unparse(node.value) == "monkeypatch"
        )
    ]


def _imports_a_fake(node: ast.ImportFrom) -> bool:
    module = node.module or ""
    return bool(FAKES & {module, *(f"{module}.{name.name}" for name in node.names)})


def tests_of(tree: ast.AST) -> list[Function]:
    return [function for function in functions(tree) if function.name.startswith("test_")]


def doubled(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def parameters(function: Function) -> int:
    """Of all kinds; `self` and `cls` are not counted."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
    return len(named) + len(stars) - (bool(named) and named[0].arg in ("self", "cls"))


def has_logic(tree: ast.AST) -> bool:
    """Whether some function does something; those of a protocol are a docstring or `...`."""
    return any(
        not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
        for function in functions(tree)
        for line in function.body
    )


def asserting(trees: list[ast.Module]) -> set[ast.AST]:
    """The functions that assert: by themselves, or by a function of these trees that they mention.

    A method is known by its name alone, whatever its class: `api.settled` asserts because some
    method `settled` does.
    """
    methods = {
        function
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for function in functions(node)
    }
    everything = [function for tree in trees for function in functions(tree)]
    found: set[Function] = {each for each in everything if _asserts_by_itself(each)}
    while True:
        plain = {function.name for function in found - methods}
        by_method = {function.name for function in found & methods}
        more = {each for each in everything if _mentions(each, plain, by_method)} - found
        if not more:
            return set(found)
        found |= more


def _asserts_by_itself(function: Function) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called == CHECK_OF_ALEMBIC or called.rpartition(".")[2] in ASSERTING_CALLS:
                return True
    return False


def _mentions(function: Function, plain: set[str], methods: set[str]) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id in plain)
        or (isinstance(node, ast.Attribute) and node.attr in methods)
        for node in ast.walk(function)
    )
