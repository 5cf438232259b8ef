"""docs/templates.md: its example is a template, and it has every key and keyword."""

import re
from pathlib import Path

from webapp.services.functions.catalogue.faults import DESCRIPTION, KEYWORDS
from webapp.services.functions.catalogue.files import files_of
from webapp.services.functions.catalogue.reading import read
from webapp.services.functions.catalogue.rules import FORMATS

GUIDE = Path(__file__).parents[2] / "docs" / "templates.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_its_example_is_a_template(tmp_path: Path) -> None:
    blocks = dict(BLOCK.findall(GUIDE.read_text(encoding="utf-8")))
    folder = tmp_path / "shop_items"
    folder.mkdir()
    (folder / "template.toml").write_text(blocks["toml"])
    (folder / "handler.py").write_text(blocks["python"])
    template = read(folder, files_of(folder))
    assert [setting.name for setting in template.settings] == ["category", "limit"]
    assert "class Egress" in template.handler


def test_it_has_every_key_and_keyword() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    named = {*DESCRIPTION["properties"], *KEYWORDS, *FORMATS}
    assert not [name for name in sorted(named) if f"`{name}`" not in text]
