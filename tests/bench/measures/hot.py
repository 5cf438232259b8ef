"""What is read most often: each answer against nginx with the same bytes in a file.

Both are asked on 32 connections. What a server refuses is not counted as an answer.
"""

import re

import httpx

from tests import plain_http
from tests.bench.rows import link_of, name_of
from tests.bench.world import World
from tests.bench.wrk import Target, costs_us

NETWORKS = 100
ROUNDS = 4
FUNCTION = name_of("function", 7)
PREVIEW = f"/api/v1/functions/{FUNCTION}/preview"
STYLE_SHEET = re.compile(r'"(/static/[^"]+\.css)"')


def measure(world: World) -> dict[str, float | None]:
    dashboard = world.with_rows(NETWORKS)
    found = STYLE_SHEET.search(dashboard.get("/networks").text)
    assert found, "no style sheet in the page"
    paths = {
        "json": PREVIEW,
        "table": f"/functions/{FUNCTION}/table",
        "public": f"/whitelist/{link_of(7)}",
        "static": found[1],
    }
    figures: dict[str, float | None] = {}
    for name, path in paths.items():
        try:
            answer = dashboard.get(path)
        except httpx.HTTPStatusError as error:
            world.note(f"hot.{name}: {path} answers {error.response.status_code}")
            figures[f"hot.{name}"] = None
            continue
        same = world.nginx.serving(name, answer)
        figures[f"hot.{name}"] = compared(world, name, same, dashboard.target(path))
        if name == "json":
            changes = [
                target.asking({"If-None-Match": _etag(target)})
                for target in (same, dashboard.target(path))
            ]
            figures["hot.not_modified"] = compared(world, "not_modified", *changes)
    return figures


def compared(world: World, name: str, nginx: Target, egret: Target) -> float:
    """What nginx needs of CPU time for a request, in parts of what Egret needs."""
    of_nginx, of_egret = costs_us(nginx, egret, rounds=ROUNDS)
    world.note(f"hot.{name}: {of_egret:.0f} µs of CPU, nginx {of_nginx:.1f} µs")
    return of_nginx / of_egret


def _etag(target: Target) -> str:
    return plain_http.get(target.url, headers=target.headers).headers["etag"]
