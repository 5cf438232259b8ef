"""What messages, pages and documents tell people to run exists."""

import re
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import typer.main

from webapp.cli import app

ROOT = Path(__file__).parents[2]
TEXTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "webapp").rglob("*.py"),
    *(ROOT / "templates").rglob("*.html"),
    *(ROOT / "lambda_templates").rglob("*"),
    ROOT / "Makefile",
    ROOT / "Dockerfile",
]
MAKE = re.compile(r"(?:`|^ {4}|[Rr]un:? )make ([a-z][a-z-]*)", re.M)
EGRET = re.compile(r"(?:`|bin/|with: |[Rr]un:? |from: )egret ([a-z]+)(?: ([a-z][a-z-]*))?")
PIP = re.compile(r"(?:pip|uv pip) install (?:-\S+ )*'?([\w.][^\s'\"`]*)")
BARE = re.compile(r"\binstall (requirements\S*)")


def told(pattern: re.Pattern[str]) -> set[tuple[str, ...]]:
    texts = [
        path.read_text()
        for path in TEXTS
        if path.suffix in (".md", ".py", ".html", "") and path.is_file()
    ]
    return {found.groups("") for text in texts for found in pattern.finditer(text)}


def test_every_target_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {name for (name,) in told(MAKE)}
    assert len(named) > 3
    assert named <= targets


def test_every_command_that_is_named_exists() -> None:
    commands: Any = typer.main.get_command(app)
    named = told(EGRET)
    assert len(named) > 3
    for first, second in named:
        found = commands.commands[first]
        if second and hasattr(found, "commands"):
            assert second in found.commands, (first, second)


def test_what_pip_is_told_to_install_exists() -> None:
    named = {name for (name,) in told(PIP)}
    assert "requirements.lock" in named
    for name in named:
        package, _, extra = name.removesuffix("]").partition("[")
        if extra:
            assert extra in (metadata(package).get_all("Provides-Extra") or ()), name
        else:
            assert (ROOT / name).exists(), name
    assert not told(BARE)
