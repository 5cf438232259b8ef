"""Answers the clan ranking of one location: the partner's body, and headers about the call.

Runs on AWS Lambda's Python runtime with only what that runtime ships. The key is read from Secrets
Manager once per execution environment, kept for five minutes, and read again if the partner refuses
it. It is sent to the partner only, so no redirect is followed. Every answer is an API Gateway proxy
response. Its headers give the partner's status, the address that an echo service saw this
environment call from, and the version of the key. The clients are made at import, when Lambda gives
a new environment its full speed: the key's region may be on another continent.

A socket's time-out limits each wait but not their sum: a slow name server, several addresses and a
body that drips would add up. So the partner is called in a thread that is abandoned after
`PARTNER_TOTAL_S`. Such a thread keeps running until its connection ends.
"""

import http.client
import ipaddress
import json
import os
import re
import time
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

KEY_CACHE_S = 300
KEY_REREAD_S = 30
EGRESS_IP_CACHE_S = 300
PARTNER_TIMEOUT_S = 6
PARTNER_TOTAL_S = 8
ECHO_TIMEOUT_S = 2
SECRET_TIMEOUT_S = 3
SECRET_ATTEMPTS = 2
SECRET_TOTAL_S = SECRET_ATTEMPTS * 2 * SECRET_TIMEOUT_S  # for the connection and for the answer
TOTAL_S = 26
"""Below the function's time-out; API Gateway waits for 29 s."""
BODY_MAX_BYTES = 2 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
ERROR_MAX_AGE_S = 10
THREADS_MAX = 8
KEY_REFUSED = (401, 403)
KEY_SHAPE = r"[!-~]+"
"""Printable ASCII without spaces. Otherwise http.client would quote the key in its error."""

Clock = Callable[[], float]
Event = dict[str, Any]
Value = TypeVar("Value")


class Problem(Exception):
    """Why there is no answer from the partner; the caller gets this instead."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


@dataclass(frozen=True)
class Key:
    """One version of the key. Its value is not in its repr, so it gets into no log."""

    value: str
    version: str

    def __repr__(self) -> str:
        return f"Key(version={self.version!r})"


@dataclass(frozen=True)
class Answer:
    """The partner's response."""

    status: int
    body: bytes
    content_type: str
    cache_control: str
    retry_after: str


class KeepEveryStatus(urllib.request.HTTPErrorProcessor):
    """Returns every response: no status raises an exception, and no redirect is followed."""

    def http_response(self, _request: Any, response: Any) -> Any:
        return response

    def https_response(self, _request: Any, response: Any) -> Any:
        return response


class Cached(Generic[Value]):
    """A value that is fetched at its first use, and again when it is older than `seconds`."""

    def __init__(self, fetch: Callable[[], Value], seconds: float, clock: Clock) -> None:
        self._fetch, self._seconds, self._clock = fetch, seconds, clock
        self._value: Value | None = None
        self._fetched_at = 0.0

    def get(self, seconds: float | None = None) -> Value:
        if self._value is None or self._is_older(self._seconds if seconds is None else seconds):
            self._value, self._fetched_at = self._fetch(), self._clock()
        return self._value

    def expire(self, seconds: float) -> None:
        if self._is_older(seconds):
            self._value = None

    def _is_older(self, seconds: float) -> bool:
        return self._clock() >= self._fetched_at + seconds


class Rankings:
    """One execution environment; tests pass their own variables, clock and time limit."""

    def __init__(
        self,
        env: Mapping[str, str],
        clock: Clock = time.monotonic,
        partner_total_s: float = PARTNER_TOTAL_S,
    ) -> None:
        self._env, self._clock, self._total_s = env, clock, partner_total_s
        self._settings = json.loads(env["SETTINGS"])
        self._origins = [origin for origin in env.get("CORS_ORIGINS", "").split(",") if origin]
        self._key = Cached(self._read_key, KEY_CACHE_S, clock)
        self._egress_ip = Cached(self._ask_echo, EGRESS_IP_CACHE_S, clock)
        self._background = ThreadPoolExecutor(THREADS_MAX)
        self._opener = urllib.request.build_opener(KeepEveryStatus)
        self._secrets = boto3.client(
            "secretsmanager",
            region_name=env["KEY_SECRET_ARN"].split(":")[3],
            config=Config(
                connect_timeout=SECRET_TIMEOUT_S,
                read_timeout=SECRET_TIMEOUT_S,
                retries={"total_max_attempts": SECRET_ATTEMPTS},
            ),
        )

    def answer(self, event: Event) -> Event:
        """The API Gateway proxy response for `event`."""
        until = self._clock() + ECHO_TIMEOUT_S
        egress_ip = self._background.submit(self._egress_ip.get)
        try:
            answer, key = self._ask_partner()
            headers = {
                "Content-Type": answer.content_type,
                "Cache-Control": _cache_control(answer),
                "X-Upstream-Status": str(answer.status),
                "X-Key-Version": key.version,
                **({"Retry-After": answer.retry_after} if answer.retry_after else {}),
            }
            status, body = answer.status, answer.body.decode("utf-8", "replace")
        except Problem as problem:
            headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
            told = {"status": problem.status, "code": problem.code, "detail": problem.detail}
            status, body = problem.status, json.dumps(told)
        headers |= _egress_header(egress_ip, until - self._clock()) | self._cors(event)
        return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}

    def _ask_partner(self) -> tuple[Answer, Key]:
        """The partner's answer. A refused key is read again, because it may have been replaced.

        If too little time is left for that, the next call reads it. A firewall may refuse every
        call, whatever the key: then it is read again after a while only.
        """
        last_read_at = self._clock() + TOTAL_S - SECRET_TOTAL_S - self._total_s
        key = self._key.get()
        answer = self._call(key)
        max_age_s = 0 if b'"accessDenied' in answer.body else KEY_REREAD_S
        if answer.status in KEY_REFUSED and self._clock() > last_read_at:
            self._key.expire(max_age_s)
        elif answer.status in KEY_REFUSED:
            newer = self._key.get(max_age_s)
            if newer.version != key.version:
                key, answer = newer, self._call(newer)
        return answer, key

    def _call(self, key: Key) -> Answer:
        """The partner's answer within PARTNER_TOTAL_S. Raises Problem."""
        try:
            return self._background.submit(self._fetch, key).result(self._total_s)
        except TimeoutError as error:
            raise self._timed_out() from error

    def _fetch(self, key: Key) -> Answer:
        location, limit = self._settings["location"], int(self._settings["limit"])
        url = f"{self._env['PARTNER_URL']}/v1/locations/{location}/rankings/clans?limit={limit}"
        headers = {"Authorization": f"Bearer {key.value}", "Accept": "application/json"}
        request = urllib.request.Request(url, headers=headers)
        try:
            with self._opener.open(request, timeout=PARTNER_TIMEOUT_S) as response:
                return self._read(response)
        except OSError as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise self._timed_out() from error
            raise _unreachable(str(reason)) from error
        except http.client.HTTPException as error:
            raise _unreachable(f"no HTTP answer ({type(error).__name__})") from error

    def _read(self, response: http.client.HTTPResponse) -> Answer:
        """The answer, if it keeps the limits of size and time and a success is JSON."""
        until, parts, size = self._clock() + self._total_s, [], 0
        while chunk := response.read1(CHUNK_BYTES):
            parts.append(chunk)
            size += len(chunk)
            if size > BODY_MAX_BYTES:
                raise Problem(502, "partner_too_large", "The answer is over 2 MiB.")
            if self._clock() > until:
                raise self._timed_out()
        body = b"".join(parts)
        if response.status == 200 and not _is_json(body):
            raise Problem(502, "partner_not_json", "The partner answered 200 without valid JSON.")
        return Answer(
            status=response.status,
            body=body,
            content_type=response.headers.get("Content-Type", "application/json"),
            cache_control=response.headers.get("Cache-Control", ""),
            retry_after=response.headers.get("Retry-After", ""),
        )

    def _timed_out(self) -> Problem:
        return Problem(504, "partner_timeout", f"No answer within {self._total_s} s.")

    def _read_key(self) -> Key:
        try:
            found = self._secrets.get_secret_value(SecretId=self._env["KEY_SECRET_ARN"])
        except (BotoCoreError, ClientError) as error:
            why = f"The key could not be read: {type(error).__name__}"
            raise Problem(502, "key_unreadable", why) from error
        value = found.get("SecretString", "")
        if not re.fullmatch(KEY_SHAPE, value):
            raise Problem(502, "key_unreadable", "The secret does not hold a key.")
        return Key(value, found["VersionId"])

    def _ask_echo(self) -> str:
        """The address from the first echo service that gives one, or the last one's error."""
        *others, last = self._env["ECHO_URL"].split(",")
        for url in others:
            try:
                return self._ask(url)
            except (OSError, ValueError, http.client.HTTPException):
                continue
        return self._ask(last)

    def _ask(self, url: str) -> str:
        with self._opener.open(url, timeout=ECHO_TIMEOUT_S) as response:
            return str(ipaddress.IPv4Address(response.read(64).decode().strip()))

    def _cors(self, event: Event) -> dict[str, str]:
        given = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        origin = given.get("origin")
        if origin not in self._origins:
            return {"Vary": "Origin"} if self._origins else {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "Retry-After, X-Upstream-Status, X-Egress-Ip, "
            "X-Key-Version",
            "Vary": "Origin",
        }


def _egress_header(asked: Future[str], wait_s: float) -> dict[str, str]:
    """The address that an echo service saw; no header if it is not known in time."""
    try:
        return {"X-Egress-Ip": asked.result(max(0, wait_s))}
    except (OSError, ValueError, http.client.HTTPException):
        return {}


def _cache_control(answer: Answer) -> str:
    """`max-age=N` as the partner sent it, but shorter for an error, where it sends 600 s."""
    found = re.search(r"max-age=(\d+)", answer.cache_control)
    seconds = int(found[1]) if found and answer.status == 200 else ERROR_MAX_AGE_S
    return f"max-age={seconds}"


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body.decode())
    except (ValueError, RecursionError):
        return False
    return True


def _unreachable(reason: str) -> Problem:
    return Problem(502, "partner_unreachable", f"The partner could not be reached: {reason}")


# Tests import this file without what Lambda sets.
_environment = Rankings(os.environ) if "KEY_SECRET_ARN" in os.environ else None


def handler(event: Event, _context: object) -> Event:
    """AWS Lambda's entry point."""
    assert _environment  # noqa: S101 - the stack sets the variables
    return _environment.answer(event)
