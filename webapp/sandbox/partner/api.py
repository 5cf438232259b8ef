"""The Clash of Clans API under /v1: its authorization, its responses and its errors."""

import json
import time
from collections import deque
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from webapp.sandbox.partner import base64url, rankings
from webapp.sandbox.partner.callers import source_address
from webapp.sandbox.partner.faults import Faults
from webapp.sandbox.partner.keys import Keys, PartnerKey, allows

KINDS = ("clans", "players", "capitals", "clans-builder-base", "players-builder-base")
MAX_AGE_S = {"capitals": 600}
DEFAULT_MAX_AGE_S = 60
ERROR_CACHE_CONTROL = "public max-age=600"
RATE_PER_S = 40
LIMIT_MAX = 200


class Refusal(Exception):
    """An error of the API: `{"reason", "message"?}`."""

    def __init__(self, status: int, reason: str, message: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.body = {"reason": reason} | ({"message": message} if message else {})


class ListQuery(BaseModel):
    """All texts, because an invalid value gets the API's own error and not FastAPI's."""

    limit: str = ""
    after: str = ""
    before: str = ""


async def authorize(request: Request) -> None:
    """Applies a fault that is set, then checks the token, the address and the rate.

    Raises FaultResponse, Refusal.
    """
    faults: Faults = request.app.state.faults
    await faults.apply()
    key = _key(request.app.state.keys, request.headers.get("authorization", ""))
    address = source_address(request)
    if not allows(key, address):
        raise Refusal(
            403,
            "accessDenied.invalidIp",
            f"Invalid authorization: API key does not allow access from IP {address}",
        )
    _check_rate(request.app.state.calls.setdefault(key.id, deque()))


router = APIRouter(prefix="/v1", dependencies=[Depends(authorize)])


def answer_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for nothing else
    return _json(error.body, status=error.status, cache=ERROR_CACHE_CONTROL)


@router.get("/locations")
async def locations(query: Annotated[ListQuery, Query()]) -> Response:
    return _json(_page(rankings.locations(), query), cache=_max_age(60))


@router.get("/locations/{location_id}")
async def location(location_id: str) -> Response:
    return _json(_location(location_id), cache=_max_age(600))


@router.get("/locations/{location_id}/rankings/{kind}")
async def ranking(location_id: str, kind: str, query: Annotated[ListQuery, Query()]) -> Response:
    if kind not in KINDS:
        raise Refusal(404, "notFound")
    place = location_id
    if place != rankings.GLOBAL:
        place = _location(location_id)["id"]
    seconds = MAX_AGE_S.get(kind, DEFAULT_MAX_AGE_S)
    page = _page(rankings.rows(place, kind), query)
    return _json(page, cache=_max_age(seconds))


@router.get("/{path:path}")
async def unknown() -> Response:
    raise Refusal(404, "notFound")


def _key(keys: Keys, authorization: str) -> PartnerKey:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(403, "accessDenied", "Missing authorization")
    key = keys.find(token.strip())
    if key is None or "clash" not in key.scopes:
        raise Refusal(403, "accessDenied", "Invalid authorization")
    return key


def _check_rate(calls: deque[float]) -> None:
    now = time.monotonic()
    while calls and calls[0] < now - 1:
        calls.popleft()
    calls.append(now)
    if len(calls) > RATE_PER_S:
        raise Refusal(429, "requestThrottled")


def _location(location_id: str) -> dict[str, Any]:
    found = rankings.location(location_id)
    if found is None:
        raise Refusal(400, "badRequest", "Unknown value for parameter locationId")
    return found


def _page(rows: list[dict[str, Any]], query: ListQuery) -> dict[str, Any]:
    """One page and its cursors: unpadded base64url of `{"pos": n}`."""
    if query.after and query.before:
        raise Refusal(400, "badRequest", "Only after or before can be specified, not both")
    size, start = _limit(query.limit), 0
    if query.after:
        start = _position(query.after)
    elif query.before:
        start = max(0, _position(query.before) - size)
    shown = rows[start : start + size]
    cursors = {}
    if start + size < len(rows):
        cursors["after"] = _cursor(start + size)
    if start > 0:
        cursors["before"] = _cursor(start)
    return {"items": shown, "paging": {"cursors": cursors}}


def _limit(limit: str) -> int:
    if not limit:
        return LIMIT_MAX
    if not (limit.isascii() and limit.isdigit()) or not 1 <= int(limit) <= LIMIT_MAX:
        raise Refusal(400, "badRequest", "Invalid value for parameter limit")
    return int(limit)


def _cursor(position: int) -> str:
    return base64url.encode_json({"pos": position})


def _position(cursor: str) -> int:
    try:
        position = int(base64url.decode_json(cursor)["pos"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        position = -1
    if position < 0:
        raise Refusal(400, "badRequest", "Invalid value for cursor")
    return position


def _max_age(seconds: int) -> str:
    """Counts down to the next ranking; the partner makes one every `seconds`."""
    return f"max-age={seconds - int(time.time()) % seconds}"


def _json(body: Any, *, status: int = 200, cache: str) -> Response:
    """The content type has no charset, as in the real API's responses."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    headers = {"content-type": "application/json", "cache-control": cache}
    return Response(text.encode(), status, headers)
