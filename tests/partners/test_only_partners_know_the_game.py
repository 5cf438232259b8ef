"""Only the adapter and the sandbox's partner name the game; the rest of webapp/ asks them."""

import re
from pathlib import Path

from tests.fast import thorough

pytestmark = thorough("all sources are read")

WEBAPP = Path(__file__).parents[2] / "webapp"
ALLOWED = (WEBAPP / "partners", WEBAPP / "sandbox" / "partner")
GAME = re.compile(r"clash|clan|supercell", re.IGNORECASE)


def test_nothing_else_in_the_application_names_the_game() -> None:
    found = [
        f"{path.relative_to(WEBAPP)}: {line.strip()}"
        for path in sorted(WEBAPP.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and not any(map(path.is_relative_to, ALLOWED))
        for line in path.read_text().splitlines()
        if GAME.search(line)
    ]
    assert not found


def test_the_search_would_find_the_game() -> None:
    assert GAME.search((ALLOWED[0] / "clash_of_clans.py").read_text())
