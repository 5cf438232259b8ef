"""What the map reads from the syntax trees of the sources.

It follows names, not types: what is called through a variable is not found.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Place = tuple[str, str]
"""A module's dotted name, and a name in it."""


@dataclass(frozen=True)
class Module:
    """A source file: its top-level definitions, and its imports (local name → dotted name)."""

    name: str
    tree: ast.Module
    definitions: dict[str, ast.stmt]
    imports: dict[str, str]

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All of the tree: each row of the map asks every module."""
        return list(ast.walk(self.tree))

    @cached_property
    def calls(self) -> list[ast.Call]:
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    @cached_property
    def sql(self) -> list[str]:
        return [text for text in _texts(self.nodes) if text.startswith("INSERT INTO ")]

    def references(self, definition: str) -> Iterator[Place]:
        """What the definition mentions: definitions of its own module, and what that imports."""
        for node in ast.walk(self.definitions[definition]):
            if isinstance(node, ast.Name):
                dotted = self.imports.get(node.id, f"{self.name}.{node.id}")
                home, _, original = dotted.rpartition(".")
                yield home, original
            elif isinstance(node, ast.Attribute) and _last(node.value) in self.imports:
                yield self.imports[_last(node.value)], node.attr

    def texts(self, definition: str) -> Iterator[str]:
        """The strings in the definition; of an f-string, its parts."""
        return _texts(ast.walk(self.definitions[definition]))

    def attributes(self, *owners: str) -> set[str]:
        """`x` of every `owner.x`, `….owner.x` and `owner().x`."""
        return _attributes(self.nodes, owners)

    def methods_that_read(self, field: str) -> set[str]:
        """The field itself, and the methods and properties that lead to it through `self`."""
        methods = [node for node in self.nodes if isinstance(node, ast.FunctionDef)]
        reads = [(m.name, _attributes(ast.walk(m), ("self",))) for m in methods]
        found, before = {field}, set[str]()
        while found != before:
            before = found
            found = before | {name for name, read in reads if before & read}
        return found

    def inserts(self, model: str, table: str) -> bool:
        """Whether it calls `Model(…)` or `insert…(…, Model)`, or holds the SQL for it."""
        is_model = self.imports.get(model, "").startswith("webapp.models")
        return (is_model and any(model in _made_by(call) for call in self.calls)) or any(
            text.startswith(f"INSERT INTO {table} ") for text in self.sql
        )


def read_modules(package: Path) -> dict[str, Module]:
    """Every module of the package, by its dotted name."""
    modules = (_read(path, package.parent) for path in sorted(package.rglob("*.py")))
    return {module.name: module for module in modules}


def _read(path: Path, root: Path) -> Module:
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return Module(
        name,
        tree,
        {node.name: node for node in tree.body if hasattr(node, "name")}
        | {_last(node.targets[0]): node for node in tree.body if isinstance(node, ast.Assign)},
        {a.asname or a.name: f"{node.module}.{a.name}" for node in imports for a in node.names},
    )


def _made_by(call: ast.Call) -> list[str]:
    """The names of which one may be a table's class."""
    function = _last(call.func)
    return [function, *map(_last, call.args)] if "insert" in function else [function]


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _attributes(nodes: Iterable[ast.AST], owners: tuple[str, ...]) -> set[str]:
    found = (node for node in nodes if isinstance(node, ast.Attribute))
    return {node.attr for node in found if _last(node.value) in owners}


def _last(node: ast.AST) -> str:
    """`c` of `c`, `a.b.c` and `a.b.c()`; '' of anything else."""
    if isinstance(node, ast.Call):
        return _last(node.func)
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
