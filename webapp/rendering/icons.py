"""Icons: Lucide's drawings as inline SVG, each read once."""

import re
from functools import cache
from importlib.resources import files
from io import BytesIO
from zipfile import ZipFile

from markupsafe import Markup

OPENING = re.compile('<svg xmlns="[^"]*" width="24" height="24"')


@cache
def icon(name: str, size: int = 16) -> Markup:
    """One of Lucide's icons, as inline SVG without a meaning of its own."""
    svg = " ".join(_icons().read(f"{name}.svg").decode().split())
    own = f'<svg width="{size}" height="{size}" aria-hidden="true"'
    return Markup(OPENING.sub(own, svg, count=1))  # noqa: S704 - drawn by Lucide, not by users


@cache
def _icons() -> ZipFile:
    """Opened once: Lucide's own functions read the names of all 1,700 icons for each one."""
    return ZipFile(BytesIO((files("lucide") / "lucide.zip").read_bytes()))
