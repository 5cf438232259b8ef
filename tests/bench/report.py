"""The table of figures and goals: on the screen, and as JSON with the machine and the date."""

import json
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path
from typing import Any

from tests.bench.goals import Goal
from tests.bench.nginx import program

RESULTS = Path(__file__).parents[2] / "bench" / "results.json"
MODEL = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)
Figures = Mapping[str, float | None]


def table(goals: Sequence[Goal], figures: Figures) -> str:
    lines = [f"{'':52} {'':14} {'this run':>9} {'gate':>7} {'stretch':>7}"]
    for goal in goals:
        figure = figures.get(goal.name)
        numbers = f"{told(figure):>9} {told(goal.gate):>7} {told(goal.stretch):>7}"
        lines.append(f"{goal.what:52} {goal.unit:14} {numbers}  {goal.judge(figure)}".rstrip())
    return "\n".join(lines)


def told(figure: float | None) -> str:
    """Short: three digits that mean something."""
    if figure is None:
        return ""
    return f"{figure:,.0f}" if abs(figure) >= 100 or figure == int(figure) else f"{figure:.3g}"


def write(goals: Sequence[Goal], figures: Figures, notes: Sequence[str], took_s: float) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    content: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "took_s": round(took_s),
        "figures": [_row(goal, figures.get(goal.name)) for goal in goals],
        "notes": list(notes),
    }
    RESULTS.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def machine() -> dict[str, str | int | None]:
    model = MODEL.search(Path("/proc/cpuinfo").read_text())
    return {
        "processor": model[1] if model else platform.machine(),
        "cores": cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "nginx": _first_line(program(), "-v").rpartition("/")[2],
        "wrk": _first_line("wrk", "-v").partition("[")[0].strip(),
    }


def _row(goal: Goal, figure: float | None) -> dict[str, Any]:
    return {
        "name": goal.name,
        "what": goal.what,
        "unit": goal.unit,
        "figure": figure,
        "gate": goal.gate,
        "stretch": goal.stretch,
        "verdict": goal.judge(figure).lower(),
    }


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).partition("\n")[0]
