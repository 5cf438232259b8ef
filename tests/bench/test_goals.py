"""A gate that is missed, and a figure that is not there, fail the bench."""

import json

import pytest

from tests.bench import readme
from tests.bench.__main__ import outcome
from tests.bench.goals import GOALS, Goal, Verdict, goals_of, missed, more
from tests.bench.measures import MEASURES
from tests.bench.report import RESULTS, table, told

COST = Goal("a.cost", "µs", 2000, 1000, "a page")
SHARE = more("b.share", "times", 0.2, 0.3, "an answer")
PEER = Goal("a.peer", "µs", None, None, "another program")


@pytest.mark.parametrize(
    ("goal", "figure", "verdict"),
    [
        (COST, 999.0, Verdict.STRETCH),
        (COST, 2000.0, Verdict.REACHED),
        (COST, 2001.0, Verdict.MISSED),
        (COST, None, Verdict.UNMEASURED),
        (SHARE, 0.3, Verdict.STRETCH),
        (SHARE, 0.29, Verdict.REACHED),
        (SHARE, 0.19, Verdict.MISSED),
        (Goal("c", "", 1, None, ""), 0.5, Verdict.REACHED),
        (PEER, 5000.0, Verdict.TOLD),
        (PEER, None, Verdict.TOLD),
    ],
)
def test_a_figure_is_judged_by_its_goal(goal: Goal, figure: float, verdict: Verdict) -> None:
    assert goal.judge(figure) is verdict


def test_only_what_misses_its_gate_is_missed() -> None:
    assert missed([COST, SHARE, PEER], {"a.cost": 3000, "b.share": 0.25}) == [COST]
    assert missed([COST, SHARE], {"b.share": 0.25}) == [COST]
    assert missed([COST], {"a.cost": 1500}) == []


def test_the_bench_fails_for_a_missed_goal_and_names_it() -> None:
    code, said = outcome([COST, SHARE], {"a.cost": 3000, "b.share": 0.25})
    assert code == 1
    assert "MISSED: a.cost, a page" in said
    assert outcome([COST], {"a.cost": 10})[0] == 0


def test_the_table_has_each_goal_with_its_figure() -> None:
    lines = table([COST, SHARE], {"a.cost": 1234.5, "b.share": 0.256}).splitlines()
    assert lines[1].split()[-4:] == ["1,234", "2,000", "1,000", "reached"]
    assert "0.256" in lines[2]
    assert told(None) == ""


def test_each_measure_has_goals_and_each_goal_its_measure() -> None:
    assert {goal.measure for goal in GOALS} == MEASURES.keys()
    assert goals_of({"hot"}) == [goal for goal in GOALS if goal.name.startswith("hot.")]
    assert len({goal.name for goal in GOALS}) == len(GOALS)


def test_each_goal_is_in_one_row_of_the_readme() -> None:
    names = [name for _, row in readme.ROWS for name in row]
    assert sorted(names) == sorted(goal.name for goal in GOALS)


def test_the_readme_has_the_figures_of_the_last_run() -> None:
    results = json.loads(RESULTS.read_text())
    assert readme.table(results) in readme.README.read_text()
    assert [each["name"] for each in results["figures"]] == [goal.name for goal in GOALS]
    for goal, each in zip(GOALS, results["figures"], strict=True):
        assert each["verdict"] == goal.judge(each["figure"]).lower(), goal.name
