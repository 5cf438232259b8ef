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
    Goal("growth.overview", TIMES, 1.3, 1.1, "overview with 10,000 networks, of with 100"),
    Goal("growth.networks", TIMES, 1.3, 1.1, "networks with 10,000, of with 100"),
    Goal("growth.keys", TIMES, 1.3, 1.1, "keys with 10,000, of with 100"),
    Goal("growth.addresses", TIMES, 1.3, 1.1, "addresses with 10,000, of with 100"),
    Goal("growth.others", TIMES, 1.3, 1.1, "the most of ten other pages and lists of the API"),
    more("peers.flask_list", TIMES, 1.0, 2.0, "Flask + SQLAlchemy's ten rows, of our list"),
    more("peers.flask_function", TIMES, 1.0, 2.0, "its page of a function, of ours"),
    more("peers.datasette", TIMES, None, None, "datasette's ten rows, of our list"),
    more("peers.sqladmin", TIMES, None, None, "sqladmin's ten rows, of our list"),
    Goal("watchers.cpu", "% of a core", 5, 2, "CPU with 1,000 idle watchers"),
    Goal("watchers.memory", "MiB", 35, 15, "their memory"),
    Goal("watchers.last_ms", "ms", 200, 100, "the last of them sees an event after"),
    Goal("load.previews_5xx", "answers", 0, 0, "500 connections on a preview: 5xx or none"),
    Goal("load.previews_p99", "s", 3, 1, "99 % are answered within"),
    Goal("load.pages_5xx", "answers", 0, 0, "500 on a page: 5xx without Retry-After, or none"),
    Goal("load.pages_p99", "s", 3, 1, "99 % are answered within"),
    Goal("start.cpu", "s CPU", 1.5, 1.0, "start to the first 200"),
    Goal("idle.memory", "MiB", 80, 65, "memory of an idle dashboard"),
    Goal("idle.cpu", "% of a core", 0.5, 0.2, "CPU of an idle dashboard"),
    Goal("provisioning.address", "s", 1, 0.3, "a new network's address is shown after"),
    Goal("provisioning.ready", "s", 1, 0.5, "it is shown as ready after the last event"),
    Goal("provisioning.calls", "a second", 1, None, "calls of AWS meanwhile"),
    Goal("refreshes.invocations", "invocations", 1, 1, "20 refreshes at once"),
    Goal("busy.failed", "answers", 0, 0, "previews that fail while networks come and go"),
    Goal("busy.missing", "events", 0, 0, "events that a stream leaves out meanwhile"),
    Goal("twenty.calls", "a second", 5, None, "calls of AWS while 20 networks are built at once"),
    Goal("twenty.peak", "in a second", 10, None, "the most of them"),
    Goal("handlers.cold", TIMES, 0.5, 0.3, "a handler's cold start, of the same with boto3"),
    Goal("accounts.ms", "ms CPU", 15, None, "clients for one more AWS account"),
    Goal("accounts.mib", "MiB", 1, None, "their memory"),
)


def goals_of(measures: set[str]) -> list[Goal]:
    return [goal for goal in GOALS if goal.measure in measures]


def missed(goals: Sequence[Goal], figures: Mapping[str, float | None]) -> list[Goal]:
    return [goal for goal in goals if goal.judge(figures.get(goal.name)).fails]
