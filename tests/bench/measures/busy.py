"""A preview is asked for on 8 connections for 30 s; meanwhile a network is built, parked and
deleted, and its page's stream is followed: no answer fails, and no event is missing."""

import re
from concurrent.futures import ThreadPoolExecutor

from tests import plain_http
from tests.bench.measures.refreshes import FUNCTION, make_function
from tests.bench.on_aws import OnAws
from tests.bench.rows import REGION
from tests.bench.world import World
from tests.bench.wrk import ask

LOAD = {"connections": 8, "seconds": 30}
LIMIT_S = 120
NAME = "busy"
PATH = f"/networks/{NAME}"
EVENT_ID = re.compile(r"^id: ?(\d+)$")
GONE = "event: gone"


def measure(world: World) -> dict[str, float | None]:
    site = world.on_aws
    make_function(site)
    preview = site.dashboard.target(f"/api/v1/functions/{FUNCTION}/preview")
    with ThreadPoolExecutor(1) as apart:
        asking = apart.submit(ask, preview, script="statuses", **LOAD)
        missing, seen = _lived(site)
        answers = asking.result()
    told = f"{answers.requests:,} answers, {answers.refused} refused, {answers.broken} broken"
    world.note(f"busy: {told}; {seen} events")
    return {"busy.failed": answers.failed + answers.lost, "busy.missing": missing}


def _lived(site: OnAws) -> tuple[int, int]:
    """How many events the streams have left out, and how many they have sent."""
    site.post("/networks", {"name": NAME, "region": REGION, "availability_zones": 1})
    seen, _ = _followed(site, 0)
    site.wait(PATH, "ready")
    site.post(f"{PATH}/parking")
    more, _ = _followed(site, max(seen))
    site.wait(PATH, "parked")
    seen |= more
    events = {each["id"] for each in site.get(f"{PATH}/events", limit=200)["items"]}
    site.delete(PATH)
    more, is_gone = _followed(site, max(seen))
    assert is_gone, "the stream ended before the network was deleted"
    return len(events - seen), len(seen | more)


def _followed(site: OnAws, after: int) -> tuple[set[int], bool]:
    """The ids of the events until the stream ends, and whether the network is gone."""
    headers = site.dashboard.cookie | {"Last-Event-ID": str(after)}
    url = f"{site.dashboard.url}{PATH}/stream"
    seen: set[int] = set()
    is_gone = False
    with plain_http.stream("GET", url, headers=headers, timeout=LIMIT_S) as stream:
        for line in stream.iter_lines():
            is_gone = is_gone or line == GONE
            if found := EVENT_ID.match(line):
                seen.add(int(found[1]))
    return seen, is_gone
