"""What the house rules ask of Python code, answered from its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
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


def patches_in(code: str) -> list[int]:
    """The lines that import a mock, or patch by `monkeypatch`, whose `setenv` is no patch."""
    if "mock" not in code and "monkeypatch" not in code:
        return []
    return [
        node.lineno
        for node in ast.walk(ast.parse(code))
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


def has_logic(tree: ast.AST) -> bool:
    """Whether some function does something; those of a protocol are a docstring or `...`."""
    return any(
        not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
        for function in functions(tree)
        for line in function.body
    )


@dataclass(frozen=True, eq=False)
class Mentions:
    """What a function refers to, by itself and by the functions inside it."""

    asserts: bool
    names: set[str]
    attributes: set[str]


def asserting(trees: list[ast.Module]) -> set[Function]:
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
    everything = {each: _mentions(each) for tree in trees for each in functions(tree)}
    found = {function for function, mentions in everything.items() if mentions.asserts}
    while True:
        plain = {function.name for function in found - methods}
        by_method = {function.name for function in found & methods}
        more = {
            function
            for function, mentions in everything.items()
            if mentions.names & plain or mentions.attributes & by_method
        }
        if more <= found:
            return found
        found |= more


def _mentions(function: Function) -> Mentions:
    nodes = [*ast.walk(function)]
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    by_name = [each for each in called if isinstance(each, ast.Name | ast.Attribute)]
    asserts = any(isinstance(node, ast.Assert) for node in nodes) or any(map(_checks, by_name))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return Mentions(asserts, names, attributes)


def _checks(called: ast.Name | ast.Attribute) -> bool:
    name = called.id if isinstance(called, ast.Name) else called.attr
    return name in ASSERTING_CALLS or ast.unparse(called) == CHECK_OF_ALEMBIC
