"""What the map reads from the syntax trees of the sources.

It follows names, not types: what is called through a variable is not found.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
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

    def references(self, definition: str) -> Iterator[Place]:
        """What the definition mentions: definitions of its own module, and what that imports."""
        for node in ast.walk(self.definitions[definition]):
            if isinstance(node, ast.Name):
                dotted = self.imports.get(node.id, f"{self.name}.{node.id}")
                home, _, original = dotted.rpartition(".")
                yield home, original
            elif isinstance(node, ast.Attribute) and _last(node.value) in self.imports:
                yield self.imports[_last(node.value)], node.attr

    def texts(self, definition: str = "") -> Iterator[str]:
        """The strings in the definition, or in the whole file; of an f-string, its parts."""
        for node in ast.walk(self.definitions[definition] if definition else self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value

    def attributes(self, *owners: str) -> set[str]:
        """`x` of every `owner.x`, `….owner.x` and `owner().x`."""
        return _attributes(self.tree, owners)

    def methods_that_read(self, field: str) -> set[str]:
        """The field itself, and the methods and properties that lead to it through `self`."""
        methods = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        found, before = {field}, set[str]()
        while found != before:
            before = found
            found = before | {m.name for m in methods if before & _attributes(m, ("self",))}
        return found

    def inserts(self, model: str, table: str) -> bool:
        """Whether it calls `Model(…)` or `insert…(…, Model)`, or holds the SQL for it."""
        is_model = self.imports.get(model, "").startswith("webapp.models")
        calls = (node for node in ast.walk(self.tree) if is_model and isinstance(node, ast.Call))
        return any(model in _made_by(call) for call in calls) or any(
            text.startswith(f"INSERT INTO {table} ") for text in self.texts()
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


def _attributes(tree: ast.AST, owners: tuple[str, ...]) -> set[str]:
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {node.attr for node in nodes if _last(node.value) in owners}


def _last(node: ast.AST) -> str:
    """`c` of `c`, `a.b.c` and `a.b.c()`; '' of anything else."""
    if isinstance(node, ast.Call):
        return _last(node.func)
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
