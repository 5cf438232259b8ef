"""What `make bench` measures, and what each figure has to be: below the gate, the bench fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

NGINX = "times nginx's"
"""Its CPU time a request, for the same bytes, in parts of ours: 1.0 is as cheap as nginx."""
US = "µs CPU"
TIMES = "times"


class Verdict(StrEnum):
    STRETCH = "stretch goal"
    REACHED = "reached"
    MISSED = "MISSED"
    UNMEASURED = "NOT MEASURED"
    TOLD = ""

    @property
    def fails(self) -> bool:
        return self in {Verdict.MISSED, Verdict.UNMEASURED}


@dataclass(frozen=True)
class Goal:
    """A figure's name begins with its measure's. Without a gate it is only told."""

    name: str
    unit: str
    gate: float | None
    stretch: float | None
    what: str
    more_is_better: bool = False

    @property
    def measure(self) -> str:
        return self.name.partition(".")[0]

    def judge(self, figure: float | None) -> Verdict:
        """None is a figure that could not be measured."""
        if self.gate is None:
            return Verdict.TOLD
        if figure is None:
            return Verdict.UNMEASURED
        if self.stretch is not None and self._reaches(figure, self.stretch):
            return Verdict.STRETCH
        return Verdict.REACHED if self._reaches(figure, self.gate) else Verdict.MISSED

    def _reaches(self, figure: float, aim: float) -> bool:
        return figure >= aim if self.more_is_better else figure <= aim


def more(name: str, unit: str, gate: float | None, stretch: float | None, what: str) -> Goal:
    return Goal(name, unit, gate, stretch, what, more_is_better=True)


GOALS = (
    more("hot.json", NGINX, 0.20, 0.30, "cached ranking as JSON, signed in, all headers"),
    more("hot.table", NGINX, 0.15, 0.25, "its table, the part that its page fetches"),
    more("hot.public", NGINX, 0.15, 0.25, "a network's public whitelist page"),
    more("hot.not_modified", NGINX, 0.18, 0.26, "304 of the cached ranking"),
    more("hot.static", NGINX, 0.25, 0.35, "static file: the style sheet"),
    Goal("pages.function", US, 2000, 1000, "function page"),
    Goal("pages.network", US, 2000, 1000, "network page"),
    Goal("pages.overview", US, 2000, 1000, "overview"),
    Goal("pages.networks", US, 2000, 1000, "networks, 50 rows"),
    Goal("pages.keys", US, 2000, 1000, "keys, 50 rows"),
    Goal("pages.addresses", US, 2000, 1000, "addresses, 50 rows"),
    Goal("handlers.cold", TIMES, 0.5, 0.3, "a handler's cold start, of the same with boto3"),
    Goal("accounts.ms", "ms CPU", 15, None, "clients for one more AWS account"),
    Goal("accounts.mib", "MiB", 1, None, "their memory"),
)


def goals_of(measures: set[str]) -> list[Goal]:
    return [goal for goal in GOALS if goal.measure in measures]


def missed(goals: Sequence[Goal], figures: Mapping[str, float | None]) -> list[Goal]:
    return [goal for goal in goals if goal.judge(figures.get(goal.name)).fails]
