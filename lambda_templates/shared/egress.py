"""One execution environment of a function: calls its partner, and answers as API Gateway expects.

The key is read once, kept for five minutes, and read again if the partner refuses it. The headers
of every answer give the partner's status, the address that an echo service saw this environment
call from, and the version of the key. Every call writes one line of JSON, the request line; it has
no body, no value of a query and no secret.

`entry_point` makes the environment at import, when Lambda gives a new one its full speed.
"""

import http.client
import ipaddress
import json
import os
import re
import sys
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lambda_templates.shared.answers import Answer, Problem, Request, as_object
from lambda_templates.shared.caching import Cached, Clock
from lambda_templates.shared.key import SECRET_TOTAL_S, Key, Secret, is_shown, with_key
from lambda_templates.shared.partner import KeepEveryStatus, Limits, Partner, refused

KEY_CACHE_S = 300
KEY_REREAD_S = 30
EGRESS_IP_CACHE_S = 300
ECHO_TIMEOUT_S = 2
ECHO_MAX_BYTES = 64
TOTAL_S = 26
"""Below the function's time-out; API Gateway waits for 29 s."""
ERROR_MAX_AGE_S = 10
THREADS_MAX = 8
UNCACHED = re.compile(r"\bno-store\b|\bno-cache\b", re.IGNORECASE)
KEY_REFUSED = (401, 403)
LOGGED_PATH_MAX_CHARS = 200
VARY = {"api_key": "x-api-key", "iam": "Authorization"}
"""By access: the header that says who calls. Their answers are kept by no cache that they share."""
EXPOSED_HEADERS = "Retry-After, X-Upstream-Status, X-Egress-Ip, X-Key-Version"

Event = dict[str, Any]
Response = dict[str, Any]


@dataclass(frozen=True)
class Exchange:
    """What is known about a call. With a `problem`, its caller does not get the `answer`."""

    answer: Answer | None
    problem: Problem | None = None
    key_version: str = ""
    upstream_ms: int = 0
    cached: bool = False

    @property
    def upstream_status(self) -> int | None:
        if self.problem:
            return self.problem.upstream_status
        return self.answer.status if self.answer else None


class Egress(ABC):
    """What all handlers have in common. Each says in `request` what it asks its partner.

    Tests pass their own variables, clock and limits.
    """

    limits = Limits()

    def __init__(
        self, env: Mapping[str, str], clock: Clock = time.monotonic, limits: Limits | None = None
    ) -> None:
        self.limits = limits or self.limits
        self.settings = settings_of(env)
        self.clock = clock
        self._echo_urls = env["ECHO_URL"].split(",")
        self._sent_as = env.get("KEY_SENT_AS", "bearer")
        self._access = env.get("ACCESS", "api_key")
        self._origins = [origin for origin in env.get("CORS_ORIGINS", "").split(",") if origin]
        self._background = ThreadPoolExecutor(THREADS_MAX)
        self._opener = urllib.request.build_opener(KeepEveryStatus)
        self._partner = Partner(env["PARTNER_URL"], self.limits)
        self._key = Cached(Secret(env, self._opener).read, KEY_CACHE_S, clock)
        self._egress_ip = Cached(self._ask_echo, EGRESS_IP_CACHE_S, clock)

    @abstractmethod
    def request(self, event: Event) -> Request:
        """What to ask the partner for this event. Raises Problem, which the caller then gets."""

    def cache_control(self, answer: Answer) -> str:
        """`max-age=N` as the partner sent it, but shorter for an error, where it may be long.

        Unless everybody may call, or if the partner says so, the caller gets it as `private`.
        """
        told = answer.header("Cache-Control")
        if answer.status == 200 and UNCACHED.search(told):
            return "no-store"
        found = re.search(r"max-age=(\d{1,9})", told)
        seconds = int(found[1]) if found and answer.status == 200 else ERROR_MAX_AGE_S
        return f"max-age={seconds}"

    def answer(self, event: Event, context: object = None) -> Response:
        """The API Gateway proxy response for `event`. Its request line is always written."""
        at, started, seen_ip = datetime.now(UTC), self.clock(), ""
        exchange = Exchange(None, Problem(502, "handler_failed", "The handler raised."))
        status = 502  # what API Gateway answers then
        try:
            asked = self._background.submit(self._egress_ip.get)
            exchange = self._exchange(event)
            seen_ip = _seen_ip(asked, started + ECHO_TIMEOUT_S - self.clock())
            response = self._response(exchange)
            response["headers"] |= ({"X-Egress-Ip": seen_ip} if seen_ip else {}) | self._cors(event)
            status = response["statusCode"]
            return response
        finally:
            line = {
                "type": "request",
                "at": at.isoformat(timespec="milliseconds"),
                **_caller(event),
                "status": status,
                "upstream_status": exchange.upstream_status,
                "upstream_ms": exchange.upstream_ms,
                "total_ms": _ms(self.clock() - started),
                "egress_ip": seen_ip,
                "key_version": exchange.key_version,
                "cached": exchange.cached,
                "request_id": getattr(context, "aws_request_id", ""),
                "code": exchange.problem.code if exchange.problem else "",
            }
            sys.stdout.write(f"{json.dumps(line)}\n")

    def _exchange(self, event: Event) -> Exchange:
        try:
            return self.ask(self.request(event))
        except Problem as problem:
            return Exchange(None, problem)

    def ask(self, request: Request) -> Exchange:
        """The partner's answer. A refused key is read again, because it may have been replaced.

        If too little time is left for that, the next call reads it. A firewall may refuse every
        call with any key, so after such a refusal the key is read again only after a while.
        """
        last_read_at = self.clock() + TOTAL_S - SECRET_TOTAL_S - self.limits.total_s
        key = self._key.get()
        exchange = self._call(request, key)
        answer = exchange.answer
        if exchange.problem or not answer or answer.status not in KEY_REFUSED:
            return exchange
        max_age_s = 0 if b'"accessDenied' in answer.body else KEY_REREAD_S
        if self.clock() > last_read_at:
            self._key.expire(max_age_s)
            return exchange
        newer = self._key.get(max_age_s)
        return exchange if newer.version == key.version else self._call(request, newer)

    def _call(self, request: Request, key: Key) -> Exchange:
        """One call of the partner. An answer that shows the key is not passed on."""
        started, answer, problem = self.clock(), None, None
        try:
            answer = self._partner.call(with_key(request, key, self._sent_as))
            if is_shown(key, answer.body):
                raise refused(answer.status, "partner_shows_key", "The answer contains the key.")
        except Problem as error:
            problem = error
        return Exchange(answer, problem, key.version, _ms(self.clock() - started))

    def _response(self, exchange: Exchange) -> Response:
        known = {
            "X-Upstream-Status": str(exchange.upstream_status or ""),
            "X-Key-Version": exchange.key_version,
        }
        headers = {name: value for name, value in known.items() if value}
        if problem := exchange.problem:
            headers |= {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
            body = {"status": problem.status, "code": problem.code, "detail": problem.detail}
            return _proxy_response(problem.status, headers, json.dumps(body))
        assert exchange.answer  # noqa: S101 - there is one or the other
        answer = exchange.answer
        headers |= {
            "Content-Type": answer.header("Content-Type", "application/json"),
            "Cache-Control": self._kept_by_callers(answer),
        }
        if wait := answer.header("Retry-After"):
            headers["Retry-After"] = wait
        return _proxy_response(answer.status, headers, answer.body.decode("utf-8", "replace"))

    def _kept_by_callers(self, answer: Answer) -> str:
        rule = self.cache_control(answer)
        is_private = self._access != "open" or "private" in answer.header("Cache-Control").lower()
        return f"private, {rule}" if is_private and rule != "no-store" else rule

    def _ask_echo(self) -> str:
        """The address from the first echo service that gives one, or the last one's error."""
        *others, last = self._echo_urls
        for url in others:
            try:
                return self._ask_one(url)
            except (OSError, ValueError, http.client.HTTPException):
                continue
        return self._ask_one(last)

    def _ask_one(self, url: str) -> str:
        with self._opener.open(url, timeout=ECHO_TIMEOUT_S) as response:
            return str(ipaddress.IPv4Address(response.read(ECHO_MAX_BYTES).decode().strip()))

    def _cors(self, event: Event) -> dict[str, str]:
        given = {name.lower(): value for name, value in as_object(event.get("headers")).items()}
        origin = given.get("origin")
        varying = [VARY.get(self._access, ""), "Origin" if self._origins else ""]
        headers = {"Vary": ", ".join(filter(None, varying))} if any(varying) else {}
        if origin not in self._origins:
            return headers
        return headers | {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED_HEADERS,
        }


def entry_point(kind: type[Egress]) -> Callable[[Any, object], Response]:
    """AWS Lambda's entry point. Tests import handlers without what Lambda sets."""
    environment = kind(os.environ) if "KEY_SECRET_ARN" in os.environ else None

    def handler(event: Any, context: object) -> Response:
        assert environment  # noqa: S101 - the stack sets the variables
        return environment.answer(as_object(event), context)

    return handler


def settings_of(env: Mapping[str, str]) -> dict[str, Any]:
    """What was chosen when the function was made."""
    found: dict[str, Any] = json.loads(env["SETTINGS"])
    return found


def _seen_ip(asked: Future[str], wait_s: float) -> str:
    """The address that an echo service saw; '' if it is not known in time."""
    try:
        return asked.result(max(0, wait_s))
    except (OSError, ValueError, http.client.HTTPException):
        return ""


def _caller(event: Event) -> dict[str, str]:
    """Who called what. API Gateway says who it was; without it, Egret did."""
    context = as_object(event.get("requestContext"))
    identity = as_object(context.get("identity"))
    caller = identity.get("apiKeyId") or identity.get("userArn") or ("" if context else "egret")
    return {
        "caller": str(caller),
        "method": str(event.get("httpMethod") or "GET"),
        "path": str(event.get("path") or "/")[:LOGGED_PATH_MAX_CHARS],
    }


def _proxy_response(status: int, headers: dict[str, str], body: str) -> Response:
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
