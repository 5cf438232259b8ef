"""Calls the partner: within limits of size and time, and without following a redirect.

A redirect could send the key to another host. A socket's time-out limits each wait but not their
sum: a slow name server, several addresses and a body that drips would add up. So the partner is
called in a thread that is abandoned after `total_s`. Such a thread runs until its connection ends.
"""

import http.client
import json
import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lambda_templates.shared.answers import Answer, Problem, Request

PARTNER_TIMEOUT_S = 6
PARTNER_TOTAL_S = 8
MIB = 1024 * 1024
BODY_MAX_BYTES = 2 * MIB
CHUNK_BYTES = 64 * 1024
PATH = re.compile("/[!-~]*")
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Limits:
    """What is accepted as an answer. Without `json_only` a success may be any text in UTF-8."""

    body_max_bytes: int = BODY_MAX_BYTES
    json_only: bool = True
    total_s: float = PARTNER_TOTAL_S


class KeepEveryStatus(urllib.request.HTTPErrorProcessor):
    """Returns every response: no status raises an exception, and no redirect is followed."""

    def http_response(self, _request: Any, response: Any) -> Any:
        return response

    def https_response(self, _request: Any, response: Any) -> Any:
        return response


class Partner:
    """The partner at `url`. Each call has a thread for itself, after one that was abandoned too."""

    def __init__(self, url: str, limits: Limits) -> None:
        self._url, self._limits, self._thread = url, limits, ThreadPoolExecutor(1)
        self._opener = urllib.request.build_opener(KeepEveryStatus)

    def call(self, request: Request) -> Answer:
        """The partner's answer, errors included. Raises Problem."""
        try:
            return self._thread.submit(self._fetch, request).result(self._limits.total_s)
        except TimeoutError as error:
            self._thread.shutdown(wait=False)
            self._thread = ThreadPoolExecutor(1)
            raise self._timed_out() from error

    def _fetch(self, request: Request) -> Answer:
        """A path that does not begin with a slash would belong to the host's name."""
        if not PATH.fullmatch(request.path):
            raise Problem(502, "bad_path", "The path is not one that can be sent.")
        sent = urllib.request.Request(
            self._url + request.path,
            request.body,
            {"Accept": "application/json", **request.headers},
            method=request.method,
        )
        try:
            with self._opener.open(sent, timeout=PARTNER_TIMEOUT_S) as response:
                answer = Answer(response.status, self._read(response), response.headers)
        except OSError as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise self._timed_out() from error
            raise unreachable(str(reason)) from error
        except (http.client.HTTPException, ValueError) as error:
            raise unreachable(f"no HTTP answer ({type(error).__name__})") from error
        self._check(answer)
        return answer

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        """The whole body, if it keeps the limits of size and time."""
        until, parts, size = time.monotonic() + self._limits.total_s, [], 0
        try:
            while chunk := response.read1(CHUNK_BYTES):
                parts.append(chunk)
                size += len(chunk)
                if size > self._limits.body_max_bytes:
                    raise self._too_large(response.status)
                if time.monotonic() > until:
                    raise self._timed_out(response.status)
        except http.client.IncompleteRead as error:
            raise incomplete(response.status) from error
        if response.length:
            raise incomplete(response.status)
        return b"".join(parts)

    def _check(self, answer: Answer) -> None:
        """Raises Problem for a redirect, for what callers could not be answered with, and for a
        success that is not of the kind wanted."""
        if not 200 <= answer.status < 600:
            raise unreachable(f"no HTTP answer (status {answer.status})")
        if answer.status in REDIRECTS:
            redirect = f"a redirect{_host_of(answer)}, which is not followed"
            detail = f"The partner answered {answer.status}, {redirect}."
            raise refused(answer.status, "partner_redirect", detail)
        if not 200 <= answer.status < 300 or not (answer.body or answer.status == 200):
            return
        kind = re.sub("[^a-z0-9/+.-].*", "", answer.header("Content-Type").lower()) or "no type"
        detail = f"The partner answered {answer.status} with {kind}"
        if not self._limits.json_only:
            if not _is_text(answer.body):
                raise refused(answer.status, "partner_not_text", f"{detail}, which is not text.")
        elif why := why_not_json(answer.body):
            raise refused(
                answer.status, "partner_not_json", f"{detail}, without valid JSON: {why}."
            )

    def _too_large(self, status: int) -> Problem:
        limit = f"{self._limits.body_max_bytes / MIB:.3g} MiB"
        return refused(status, "partner_too_large", f"The answer is over {limit}.")

    def _timed_out(self, status: int | None = None) -> Problem:
        detail = f"No complete answer within {self._limits.total_s} s."
        return Problem(504, "partner_timeout", detail, upstream_status=status)


def why_not_json(body: bytes) -> str:
    """Why a body is not JSON in UTF-8, without a word of it; '' if it is."""
    if not body.strip():
        return "it is empty"
    try:
        json.loads(body.decode(), parse_constant=_refuse)
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except json.JSONDecodeError as error:
        return f"{error.msg} at character {error.pos} of {len(error.doc)}"
    except (ValueError, RecursionError):
        return "it is nested too deeply, or has a number that is too long or none of JSON's"
    return ""


def refused(status: int, code: str, detail: str) -> Problem:
    return Problem(502, code, detail, upstream_status=status)


def unreachable(reason: str) -> Problem:
    return Problem(502, "partner_unreachable", f"The partner could not be reached: {reason}")


def incomplete(status: int) -> Problem:
    return refused(status, "partner_incomplete", "The partner's answer broke off before its end.")


def _refuse(constant: str) -> None:
    """NaN and Infinity, which Python reads and other programs do not."""
    raise ValueError(constant)


def _host_of(answer: Answer) -> str:
    """Where a redirect leads, without the path, which could hold anything."""
    try:
        host = urlsplit(answer.header("Location")).hostname
    except ValueError:
        host = None
    return f" to {host}" if host else ""


def _is_text(body: bytes) -> bool:
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False
