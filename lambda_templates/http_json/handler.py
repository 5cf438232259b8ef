"""Answers JSON from any partner: GET from one URL, with the parameters that a caller may set.

Scheme and host are those of the settings. A caller's value stays in its place (`parameters`), and
in a path it cannot lead to another folder. The execution environment keeps good answers as long as
the cache rule says.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from lambda_templates.shared.answers import Answer, Problem, Request
from lambda_templates.shared.caching import Clock
from lambda_templates.shared.egress import (
    UNCACHED,
    Egress,
    Event,
    Exchange,
    entry_point,
    settings_of,
)
from lambda_templates.shared.parameters import BAD_PARAMETER, PLACE, Parameters, filled
from lambda_templates.shared.partner import Limits

KIB = 1024
KEPT_MAX = 32
KEPT_BODY_MAX_BYTES = 256 * KIB
MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
AWAY = re.compile(r"[/\\]")
NOW = {"Cache-Control": "no-cache"}
"""Egret's own calls always ask the partner."""


@dataclass(frozen=True)
class Kept(Answer):
    """A cached answer, with its first Cache-Control."""

    left_s: int


class AnyJson(Egress):
    def __init__(
        self, env: Mapping[str, str], clock: Clock = time.monotonic, limits: Limits | None = None
    ) -> None:
        settings = settings_of(env)
        own = Limits(body_max_bytes=settings["max_kib"] * KIB)
        super().__init__(env, clock, limits or own)
        url = urlsplit(settings["url"])
        self._path, self._query = url.path or "/", [pair for pair in url.query.split("&") if pair]
        self._parameters = Parameters(settings.get("parameters", ()))
        self._kept: dict[str, tuple[float, Exchange]] = {}

    def request(self, event: Event) -> Request:
        if event.get("httpMethod", "GET") != "GET":
            raise Problem(405, "method_not_allowed", "This function answers GET only.")
        values = self._parameters.values(event)
        for name in PLACE.findall(self._path):
            if not values[name] or AWAY.search(values[name]):
                told = f"The parameter {name} may not be empty or have a slash."
                raise Problem(422, BAD_PARAMETER, told)
        path = filled(self._path, values)
        if {".", ".."} & {*path.split("/")}:
            raise Problem(422, BAD_PARAMETER, "A part of the path may not be one or two dots.")
        pairs = [filled(p, values) for p in self._query if {*PLACE.findall(p)} <= values.keys()]
        by_egret = {} if event.get("requestContext") else NOW
        return Request("?".join(filter(None, (path, "&".join(pairs)))), headers=by_egret)

    def ask(self, request: Request) -> Exchange:
        """The partner's answer, or a cached one that is still good."""
        until, kept = self._kept.get(request.path, (0.0, None))
        left = int(until - self.clock())
        if kept and kept.answer and left > 0 and request.headers != NOW:
            names = ("Content-Type", "Cache-Control")
            headers = {name: kept.answer.header(name) for name in names}
            answer = Kept(kept.answer.status, kept.answer.body, headers, left)
            return replace(kept, answer=answer, upstream_ms=0, cached=True)
        self._kept.pop(request.path, None)
        exchange = super().ask(request)
        self._keep(request.path, exchange)
        return exchange

    def cache_control(self, answer: Answer) -> str:
        """The fixed time of the settings, or what the partner says of a success."""
        if isinstance(answer, Kept):
            return f"max-age={answer.left_s}"
        seconds = self._good_for_s(answer)
        return super().cache_control(answer) if seconds is None else _max_age(seconds)

    def _keep(self, path: str, exchange: Exchange) -> None:
        answer = exchange.answer
        if exchange.problem or not answer or len(answer.body) > KEPT_BODY_MAX_BYTES:
            return
        if seconds := self._good_for_s(answer):
            self._kept[path] = (self.clock() + seconds, exchange)
        while len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]

    def _good_for_s(self, answer: Answer) -> int | None:
        """Seconds; None if neither the settings nor the partner say anything."""
        if answer.status != 200:
            return None
        fixed: Any = self.settings.get("cache_s")
        if fixed is not None:
            return int(fixed)
        rule = answer.header("Cache-Control")
        found = MAX_AGE.search(rule)
        return 0 if UNCACHED.search(rule) else int(found[1]) if found else None


def _max_age(seconds: int) -> str:
    return f"max-age={seconds}" if seconds else "no-store"


handler = entry_point(AnyJson)
