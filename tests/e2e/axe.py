"""Pages by axe: the rules of accessibility, and that nothing is wider than the window."""

from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

SIZES: tuple[ViewportSize, ...] = (
    {"width": 1280, "height": 900},
    {"width": 375, "height": 800},
)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SMALLEST: ViewportSize = {"width": 320, "height": 640}
OF_COLOURS = ["color-contrast", "link-in-text-block"]
AXE = Axe().axe_script
RUN = """options => axe.run(document, options).then(({violations}) =>
  violations.map(({id, nodes}) => [id, nodes[0].html]))"""
WIDE = """[document.documentElement, ...document.querySelectorAll('.nav')]
  .some((part) => part.scrollWidth > part.clientWidth)"""


def check_all(page: Page, name: str, screenshots: Path | None) -> None:
    """Both themes in both widths, and the smallest width."""
    for size in SIZES:
        page.set_viewport_size(size)
        check_themes(page, name, screenshots)
    page.set_viewport_size(SMALLEST)
    assert not overflow(page)


def check(page: Page, url: str, name: str, screenshots: Path | None) -> None:
    """Both themes, in the smaller width; and that the page fits the larger one too."""
    page.goto(url)
    for size in SIZES:
        page.set_viewport_size(size)
        check_themes(page, name, screenshots, only_fits=size == SIZES[0])
    page.set_viewport_size(SIZES[0])


def check_themes(
    page: Page, name: str, screenshots: Path | None, *, only_fits: bool = False
) -> None:
    """Both themes, at this width. They differ in their colours."""
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        wrong = overflow(page) if only_fits else violations(page, only_colours=theme == "dark")
        assert not wrong, (theme, page.viewport_size)
        if screenshots and page.viewport_size:
            picture = screenshots / f"{name}-{theme}-{page.viewport_size['width']}.png"
            page.screenshot(path=picture, full_page=True)


def violations(page: Page, *, only_colours: bool = False) -> list[tuple[str, str]]:
    """Rules that the page breaks at this width, each with the first place; and that it fits."""
    assert not overflow(page)
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE)
    options = {"resultTypes": ["violations"]} | ({"runOnly": OF_COLOURS} if only_colours else {})
    found: list[tuple[str, str]] = page.evaluate(RUN, options)
    return found


def overflow(page: Page) -> bool:
    """Of the page, or of its navigation, which would scroll by itself."""
    wide: bool = page.evaluate(WIDE)
    return wide
