"""The scripts: each page loads what its elements need, and nothing else."""

import hashlib
import re
from base64 import b64encode
from pathlib import Path

from webapp.rendering.templating import STATIC, environment

TEMPLATES = Path("templates")
DEFINED = re.compile(r'customElements\.define\(\s*"([a-z-]+)"')
USED = re.compile(r"<([a-z]+-[a-z]+)[\s>]")
LOADED = re.compile(r"""asset\('([a-z]+\.js)'\)""")
SCRIPT = re.compile(r"<script[^>]*>(?=</script>)")
INCLUDED = re.compile(r'{% (?:extends|include|from) "(?!_macros)([^"]+\.html)"')


def whole(name: str) -> str:
    """The template with all that it extends, includes and imports but `_macros.html`, which is on
    every page."""
    text = (TEMPLATES / name).read_text()
    return text + "".join(whole(each) for each in INCLUDED.findall(text))


def test_every_page_loads_the_modules_of_its_elements_and_no_other() -> None:
    pages = [path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*.html")]
    texts = [whole(str(page)) for page in pages if not page.name.startswith("_")]
    defined = {path.name: {*DEFINED.findall(path.read_text())} for path in STATIC.glob("*.js")}
    extra = {"forms.js": "data-region"}  # it also goes on with other forms' own attributes
    checked = 0
    for text in texts:
        if "<!doctype" not in text:
            continue
        used, loaded = {*USED.findall(text)}, {*LOADED.findall(text)}
        if "<script" not in text:  # the page for who comes when all are busy
            assert not used
            continue
        assert "app.js" in loaded
        assert used <= set().union(*(defined[module] for module in loaded)), text
        for module in loaded - {"app.js", "theme.js"}:
            assert used & defined[module] or extra.get(module, "-") in text, module
        checked += 1
    assert checked > 15


def test_each_script_names_the_hash_of_its_file() -> None:
    """So a browser runs no other script, whoever has changed it on the way."""
    tags = {tag for path in TEMPLATES.rglob("*.html") for tag in SCRIPT.findall(path.read_text())}
    assert {name for tag in tags for name in LOADED.findall(tag)} == {
        path.name for path in STATIC.glob("*.js")
    }
    for tag in tags:
        html = environment().from_string(tag).render()
        (name,) = LOADED.findall(tag)
        digest = hashlib.sha256((STATIC / name).read_bytes()).digest()
        assert f' integrity="sha256-{b64encode(digest).decode()}"' in html
