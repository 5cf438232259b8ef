"""The code that is deployed: a handler, and in front of it what it shares with other handlers.

Shared code is in `lambda_templates/shared`, a file per concern. A handler imports it at its top:

    from lambda_templates.shared.answers import Problem, Request

Lambda gets one readable `index.py`: the shared files that the handler needs, one after the other,
then the handler. Lines are copied unchanged, so tracebacks show the right ones. Left out are such
imports, and the docstring of each shared file, to save room. All these files share one namespace,
so no two of them may give a name two meanings.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[4] / "lambda_templates"
SHARED = "lambda_templates.shared"


class CannotAssemble(ValueError):
    """Why a handler's code cannot be put together: the file, the line and the reason."""


@dataclass(frozen=True)
class Source:
    """One file; `name` is how people know it, `imports` are those of shared code."""

    name: str
    text: str
    tree: ast.Module
    imports: tuple[ast.ImportFrom, ...]


def assemble(handler: Path) -> str:
    """The source that Lambda runs as `index.py`. Raises CannotAssemble."""
    sources = _with_shared(handler, [])
    _check_names(sources)
    *shared, own = sources
    texts = [_text(source, [*source.imports, *source.tree.body[:1]]) for source in shared]
    return "\n\n".join([*texts, _text(own, own.imports)])


def _with_shared(file: Path, met: list[Path]) -> list[Source]:
    """The file, after all those that it imports and that have not been `met`."""
    met.append(file)
    source, needed = _read(file), list[Source]()
    for node in source.imports:
        module = str(node.module).removeprefix(f"{SHARED}.")
        wanted = FOLDER / "shared" / f"{module}.py"
        if not wanted.is_file():
            raise _fault(source.name, node.lineno, f"there is no shared file {module}.py")
        needed += [] if wanted in met else _with_shared(wanted, met)
    return [*needed, source]


def _read(file: Path) -> Source:
    name, text = f"{file.parent.name}/{file.name}", file.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise _fault(name, error.lineno, error.msg) from error
    imports = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and _is_of_shared(node):
            if not isinstance(node, ast.ImportFrom) or node not in tree.body or _renames(node):
                how = f"write `from {SHARED}.answers import Problem`, at the top and without `as`"
                raise _fault(name, node.lineno, how)
            if sum(each.lineno <= node.lineno <= (each.end_lineno or 0) for each in tree.body) > 1:
                raise _fault(name, node.lineno, "the import of shared code needs a line of its own")
            imports.append(node)
    return Source(name, text, tree, tuple(imports))


def _is_of_shared(node: ast.Import | ast.ImportFrom) -> bool:
    begin = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    return any(f"{begin}{each.name}.".startswith(f"{SHARED}.") for each in node.names)


def _renames(node: ast.ImportFrom) -> bool:
    """Whether it binds anything but names of one shared file, as they are."""
    whole = not str(node.module).startswith(f"{SHARED}.")
    return whole or any(each.asname or each.name == "*" for each in node.names)


def _check_names(sources: Iterable[Source]) -> None:
    """Raises CannotAssemble for a name that two files give different meanings."""
    meanings: dict[str, str] = {}
    for source in sources:
        for name, line, meaning in _names(source):
            if meanings.setdefault(name, meaning) != meaning:
                why = f"`{name}` means another thing in shared code; choose another name"
                raise _fault(source.name, line, why)


def _names(source: Source) -> Iterator[tuple[str, int, str]]:
    """Each name that the file itself has at its top, the line, and what it means."""
    for node in source.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for each in [] if node in source.imports else node.names:
                if getattr(node, "module", "") == "__future__" and source.imports:
                    raise _fault(source.name, node.lineno, "shared code comes before `__future__`")
                bound = each.asname or each.name.partition(".")[0]
                whole = each.name if each.asname else bound
                module = node.module if isinstance(node, ast.ImportFrom) else ""
                yield bound, node.lineno, f"{module} {whole}"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno, source.name
        else:
            names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
            for name in names:
                if isinstance(name.ctx, ast.Store):
                    yield name.id, name.lineno, source.name


def _text(source: Source, left_out: Iterable[ast.stmt]) -> str:
    """The file's name, and its lines but for those statements."""
    dropped = {line for node in left_out for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    lines = enumerate(source.text.removesuffix("\n").split("\n"), 1)  # as Python counts them
    kept = "\n".join(line for number, line in lines if number not in dropped)
    return f"# {source.name}\n{kept.lstrip()}\n"


def _fault(name: str, line: int | None, why: str) -> CannotAssemble:
    return CannotAssemble(f"{name}, line {line}: {why}.")
