"""The README's table, written from `bench/results.json`: `python -m tests.bench.readme`.

A row has one or more figures, in the order of its goals; what misses its gate is bold.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.bench.report import RESULTS, told

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- written by make bench -->\n", "<!-- end -->\n"
UNITS = {
    "times nginx's": "",
    "µs CPU": " µs",
    "ms CPU": " ms",
    "s CPU": " s",
    "% of a core": " %",
    "times": " \N{MULTIPLICATION SIGN}",
    "MiB": " MiB",
    "s": " s",
    "ms": " ms",
    "a second": "/s",
}
"""Counts have none."""
ROWS = (
    ("cached ranking as JSON, signed in, all headers", ("hot.json",)),
    ("its table: the part that its page fetches; a public page", ("hot.table", "hot.public")),
    ("its 304", ("hot.not_modified",)),
    ("a static file", ("hot.static",)),
    ("function page; network page, made anew", ("pages.function", "pages.network")),
    (
        "overview; networks; keys; addresses (50 rows)",
        ("pages.overview", "pages.networks", "pages.keys", "pages.addresses"),
    ),
    (
        "the same with 10,000 networks, of their cost with 100; ten other pages and lists",
        (
            "growth.overview",
            "growth.networks",
            "growth.keys",
            "growth.addresses",
            "growth.others",
        ),
    ),
    (
        "ten rows in Flask + SQLAlchemy, of our list; its function page, of ours",
        ("peers.flask_list", "peers.flask_function"),
    ),
    ("ten rows in datasette; in sqladmin, of our list", ("peers.datasette", "peers.sqladmin")),
    (
        "1,000 watchers of an idle page: CPU of a core; memory; last one served after an event",
        ("watchers.cpu", "watchers.memory", "watchers.last_ms"),
    ),
    ("start to the first 200: CPU", ("start.cpu",)),
    ("idle: memory; CPU of a core", ("idle.memory", "idle.cpu")),
    (
        "500 connections for 30 s, on previews: 5xx; 99 % within; on pages: 5xx; 99 % within",
        ("load.previews_5xx", "load.previews_p99", "load.pages_5xx", "load.pages_p99"),
    ),
    (
        "a new network: address shown; ready shown after the last event",
        ("provisioning.address", "provisioning.ready"),
    ),
    (
        "calls of AWS while one is built; while 20 are; the most in a second",
        ("provisioning.calls", "twenty.calls", "twenty.peak"),
    ),
    ("20 refreshes at once: invocations", ("refreshes.invocations",)),
    (
        "networks come and go under load: previews that fail; events that a page misses",
        ("busy.failed", "busy.missing"),
    ),
    ("a handler's cold start, of the same with boto3", ("handlers.cold",)),
    ("clients for one more AWS account: CPU; memory", ("accounts.ms", "accounts.mib")),
)


def write() -> None:
    text = README.read_text()
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(before + BEGIN + table(json.loads(RESULTS.read_text())) + END + after)


def table(results: dict[str, Any]) -> str:
    """A paragraph on the run, and a row for each line of ROWS."""
    figures = {each["name"]: each for each in results["figures"]}
    machine = results["machine"]
    lines = [
        f"Measured on {results['at'][:10]}, in {results['took_s']} s: {machine['cores']} cores of "
        f"{machine['processor']}, Python {machine['python']}, nginx {machine['nginx']}, "
        f"{machine['wrk']}.",
        "",
        "| what | measured | gate | stretch goal |",
        "|---|---|---|---|",
    ]
    for what, names in ROWS:
        row = [figures[name] for name in names]
        aims = [_joined(row, aim) for aim in ("gate", "stretch")]
        lines.append(f"| {what} | {'; '.join(map(_figure, row))} | {' | '.join(aims)} |")
    return "\n".join(lines) + "\n"


def _joined(row: Iterable[dict[str, Any]], aim: str) -> str:
    """Once, if all have the same."""
    shown = [_with_unit(each, each[aim]) for each in row]
    return shown[0] if len(set(shown)) == 1 else "; ".join(shown)


def _figure(each: dict[str, Any]) -> str:
    if each["figure"] is None:
        return "**not measured**"
    shown = _with_unit(each, each["figure"])
    return f"**{shown}**" if each["verdict"] == "missed" else shown


def _with_unit(each: dict[str, Any], figure: float | None) -> str:
    return "" if figure is None else f"{told(figure)}{UNITS.get(each['unit'], '')}"


if __name__ == "__main__":
    write()
