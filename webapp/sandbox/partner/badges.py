"""Draws badges of clans and leagues, always the same for the same name.

Each is a shield with two colours and an emblem.
"""

import hashlib
import io
from functools import lru_cache

from PIL import Image, ImageDraw

SCALE = 4
CACHED_BADGES = 512
SIZES = {"badges": (70, 200, 512), "leagues": (36, 72, 288)}
"""In pixels, by the folder of the picture's address."""
COLOURS = (
    (198, 61, 47), (226, 148, 38), (240, 200, 60), (84, 148, 70), (45, 130, 140),
    (52, 98, 180), (94, 72, 160), (170, 70, 130), (70, 80, 95), (150, 100, 60),
)  # fmt: skip


@lru_cache(CACHED_BADGES)
def draw(name: str, size: int) -> bytes:
    """A PNG of `size` pixels square, with a transparent background."""
    seed = hashlib.sha256(name.encode()).digest()
    side = size * SCALE
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    first, second = (COLOURS[byte % len(COLOURS)] for byte in seed[:2])
    if first == second:
        second = (245, 240, 225)
    _shield(pen, side, 0.06, (60, 48, 40))
    _shield(pen, side, 0.10, first)
    if seed[2] % 2:
        pen.polygon(_points(side, [(0.5, 0.16), (0.82, 0.2), (0.8, 0.5), (0.5, 0.88)]), second)
    _emblem(pen, side, seed[3] % 4, (250, 246, 235))
    out = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _shield(pen: ImageDraw.ImageDraw, side: int, inset: float, colour: tuple[int, ...]) -> None:
    far, low = 1 - inset, 1 - inset * 0.7
    outline = [(0.5, inset), (far, inset + 0.08), (far - 0.03, 0.55), (0.5, low),
               (inset + 0.03, 0.55), (inset, inset + 0.08)]  # fmt: skip
    pen.polygon(_points(side, outline), colour)


def _emblem(pen: ImageDraw.ImageDraw, side: int, kind: int, colour: tuple[int, ...]) -> None:
    shapes = (
        [(0.5, 0.24), (0.58, 0.44), (0.76, 0.44), (0.62, 0.56), (0.67, 0.74), (0.5, 0.63),
         (0.33, 0.74), (0.38, 0.56), (0.24, 0.44), (0.42, 0.44)],
        [(0.5, 0.24), (0.7, 0.46), (0.5, 0.72), (0.3, 0.46)],
        [(0.28, 0.66), (0.28, 0.36), (0.4, 0.5), (0.5, 0.3), (0.6, 0.5), (0.72, 0.36),
         (0.72, 0.66)],
        [(0.46, 0.24), (0.54, 0.24), (0.54, 0.56), (0.66, 0.56), (0.66, 0.63), (0.54, 0.63),
         (0.54, 0.76), (0.46, 0.76), (0.46, 0.63), (0.34, 0.63), (0.34, 0.56), (0.46, 0.56)],
    )  # fmt: skip
    pen.polygon(_points(side, shapes[kind]), colour)


def _points(side: int, shape: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * side, y * side) for x, y in shape]
