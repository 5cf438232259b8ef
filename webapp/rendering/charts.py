"""Charts: where the lines, ticks and labels of a small picture go. Templates draw them as SVG.

A chart begins at zero, its time runs in UTC from left to right, and a gap in the data is a gap in
the line. All of its numbers are also in its table and, in short, in its summary: nobody needs to
see it. Coordinates are SVG's, with the origin at the top left.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import floor, log10

WIDTH, HEIGHT = 320, 168
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 12, 24
"""The margins around the lines: at the left for the labels of values, below for those of times."""
Y_TICKS_MAX = 4
X_TICKS_MAX = 5
X_STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (5, 15, 30, 60, 180, 360, 720, 1440, 2 * 1440, 7 * 1440)
)
UNITS = {
    "bytes": ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B")),
    "ms": ((60_000, "min"), (1000, "s"), (1, "ms")),
    "count": ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, "")),
}
"""How large each is; the last is the one that all values have."""
ROUNDED_UP = 0.9995
"""Of a unit: from here on three digits say 1 of it, and not 1,000 of the next smaller one."""
PLAIN_COUNTS_BELOW = 10_000

Points = Sequence[tuple[datetime, float | None]]


@dataclass(frozen=True)
class Data:
    """One line to be drawn."""

    label: str
    points: Points


@dataclass(frozen=True)
class Line:
    """`path` is an SVG path; `highest` is a text, '' when all is a gap."""

    label: str
    path: str
    highest: str


@dataclass(frozen=True)
class Tick:
    """`at` is its place on the axis. The anchor is that of SVG's text."""

    at: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Row:
    """Of the table: a time, and a text for each line, '' in a gap."""

    at: datetime
    values: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """`rows` are newest first, without those in which nothing happened."""

    width, height = WIDTH, HEIGHT
    left, right, bottom = LEFT, RIGHT, BOTTOM
    title: str
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    summary: str


def chart(title: str, unit: str, data: Sequence[Data]) -> Chart:
    """Of lines that have points at the same times, at least one. `unit` is one of UNITS."""
    times = [at for at, _ in data[0].points]
    ticks = _nice_ticks(max(_values(data), default=0.0), unit)
    lines = tuple(_line(each, times, ticks[-1], unit) for each in data)
    return Chart(
        title=title,
        lines=lines,
        x_ticks=tuple(_x_ticks(times)),
        y_ticks=tuple(Tick(_y(value, ticks[-1]), amount(value, unit)) for value in ticks),
        rows=tuple(_rows(data, unit)),
        summary=_summary(title, lines),
    )


def amount(value: float, unit: str) -> str:
    """As a person reads it, rounded to three digits: `950`, `1.23 MB`, `340 ms`."""
    is_plain = unit == "count" and value < PLAIN_COUNTS_BELOW
    last = UNITS[unit][-1]
    fitting = (each for each in UNITS[unit] if value >= each[0] * ROUNDED_UP)
    size, name = last if is_plain else next(fitting, last)
    scaled = value / size
    digits = 0 if scaled >= 100 else 1 if scaled >= 10 else 2
    return _joined(f"{scaled:,.{digits}f}", name, unit)


def exact(value: float, unit: str) -> str:
    """In the unit itself: `12,500`, `1,234,567 B`, `340.25 ms`."""
    return _joined(f"{value:,.2f}", UNITS[unit][-1][1], unit)


def _joined(number: str, name: str, unit: str) -> str:
    text = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{text}{name}" if unit == "count" else f"{text} {name}"


def _values(data: Sequence[Data]) -> Iterator[float]:
    return (value for each in data for _, value in each.points if value is not None)


def _nice_ticks(highest: float, unit: str) -> list[float]:
    """From zero to the highest value or above, in steps of 1, 2 or 5 times a power of ten.

    What is counted has no halves.
    """
    raw = highest / (Y_TICKS_MAX - 1) or 1.0 / (Y_TICKS_MAX - 1)
    power = 10.0 ** floor(log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
    if unit in ("count", "bytes"):
        step = max(1.0, step)
    count = max(1, -int(-(highest / step) // 1))
    return [step * n for n in range(count + 1)]


def _line(data: Data, times: Sequence[datetime], top: float, unit: str) -> Line:
    parts = []
    for is_gap, run in groupby(data.points, lambda point: point[1] is None):
        if not is_gap:
            places = [f"{_x(at, times):.1f} {_y(value or 0, top):.1f}" for at, value in run]
            parts.append(f"M{' L'.join(places)}" + ("h0" if len(places) == 1 else ""))
    known = [value for _, value in data.points if value is not None]
    return Line(data.label, " ".join(parts), amount(max(known), unit) if known else "")


def _x(at: datetime, times: Sequence[datetime]) -> float:
    length = (times[-1] - times[0]).total_seconds() or 1.0
    share = (at - times[0]).total_seconds() / length
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)


def _x_ticks(times: Sequence[datetime]) -> Iterator[Tick]:
    """At round times of UTC."""
    length = times[-1] - times[0]
    step = next((s for s in X_STEPS if length / s <= X_TICKS_MAX), X_STEPS[-1])
    first = -(-times[0].timestamp() // step.total_seconds()) * step.total_seconds()
    at = datetime.fromtimestamp(first, UTC)
    form = "%H:%M" if step < timedelta(days=1) else "%-d %b"
    while at <= times[-1]:
        place = _x(at, times)
        anchor = "start" if place < LEFT + 12 else "end" if place > WIDTH - RIGHT - 12 else "middle"
        yield Tick(round(place, 1), at.strftime(form), anchor)
        at += step


def _rows(data: Sequence[Data], unit: str) -> Iterator[Row]:
    for points in reversed([*zip(*(each.points for each in data), strict=True)]):
        values = [value for _, value in points]
        if any(values):
            texts = tuple("" if value is None else exact(value, unit) for value in values)
            yield Row(points[0][0], texts)


def _summary(title: str, lines: Sequence[Line]) -> str:
    parts = [
        f"{line.label}: highest {line.highest}" if line.highest else f"{line.label}: no data"
        for line in lines
    ]
    return f"{title}. {'; '.join(parts)}."
