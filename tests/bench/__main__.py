"""`make bench`: every figure of the README's table, in one run; `python -m tests.bench NAME…` for
some measures alone.

It exits with 1 when a gate is missed, and says which. Figures are CPU times, ratios of CPU times
within the run, and counts, because machines differ and are shared; a few are seconds that a person
waits. A run of all measures is written to `bench/results.json`, and to the README's table.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from math import isfinite

from tests.bench import readme, report
from tests.bench.goals import Goal, goals_of, missed
from tests.bench.measures import MEASURES
from tests.bench.world import World

DIGITS = 4


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("measures", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    chosen = parser.parse_args(arguments).measures or [*MEASURES]
    if unknown := set(chosen) - MEASURES.keys():
        parser.error(f"no such measure: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    return run(chosen)


def run(chosen: list[str]) -> int:
    """The exit code."""
    goals = goals_of(set(chosen))
    figures: dict[str, float | None] = {}
    started = time.monotonic()
    with World() as world:
        for name in chosen:
            began = time.monotonic()
            print(f"{name} …", end=" ", flush=True)
            try:
                found = MEASURES[name](world)
                figures |= {each: _rounded(figure) for each, figure in found.items()}
            except Exception:  # the others go on; what it was to measure is missed
                traceback.print_exc()
                world.note(f"{name}: could not be measured")
            print(f"{time.monotonic() - began:.0f} s", flush=True)
    took_s = time.monotonic() - started
    print(f"\n{report.table(goals, figures)}\n")
    for note in world.notes:
        print(f"  {note}")
    if set(chosen) == set(MEASURES):
        report.write(goals, figures, world.notes, took_s)
        readme.write()
    code, said = outcome(goals, figures)
    print(f"\n{said}, in {took_s:.0f} s")
    return code


def outcome(goals: Sequence[Goal], figures: Mapping[str, float | None]) -> tuple[int, str]:
    """The exit code, and which goals are missed."""
    lost = missed(goals, figures)
    lines = [f"{goal.judge(figures.get(goal.name))}: {goal.name}, {goal.what}" for goal in lost]
    lines.append(f"{len(goals) - len(lost)} of {len(goals)} goals reached")
    return (1 if lost else 0), "\n".join(lines)


def _rounded(figure: float | None) -> float | None:
    """As it is written down, before it is judged. None, when there was no answer to measure."""
    if figure is None or not isfinite(figure):
        return None
    return figure if figure == int(figure) else float(f"{figure:.{DIGITS}g}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
