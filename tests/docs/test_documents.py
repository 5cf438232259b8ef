"""What the documents point to exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
LINES_MAX = 120
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PATH = re.compile(r"`([a-z_]+/[\w./*-]*)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    assert not [link for link in links if not (document.parent / link).exists()]


def test_the_architecture_names_only_what_exists_and_is_short() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    paths = PATH.findall(text)
    assert len(paths) > 40
    assert not [p for p in paths if not [*ROOT.glob(p), *ROOT.glob(f"webapp/{p}")]]
    assert len(text.splitlines()) <= LINES_MAX
