"""Hot answers: what is asked for most is answered before the router, from prepared bytes.

The layer knows the addresses that the router has answered lately, by which hosts, and who was
allowed to ask. It sends what the router would send: both put their answers together from the same
parts, and who may ask is found out by the same function. Whatever it does not know for sure it
leaves to the router, so it can only be faster, and never different.

`at_once` is for a caller that can wait for nothing: the server. `HotAnswers` is the same as a layer
of ASGI. There, what is known but was looked up too long ago is looked up again first, by threads of
its own: so hot answers go on whatever the pages do.
"""

import asyncio
import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.capacity.waiting import Queue
from webapp.edge.lines import AccessLines, Line
from webapp.edge.middleware import complete
from webapp.edge.proxies import TrustedProxies
from webapp.hot.cache import ANYBODY, FRESH_S, RENEWED_AFTER_S, Bounded, HotCache, Moment, Slot, Who
from webapp.hot.looks import About, Looks, Peer
from webapp.hot.prepared import Answer, Prepared, Sent
from webapp.hot.refusals import PAUSE_S, Refusals
from webapp.hot.requests import Asked, Head, Headers, address_of, read
from webapp.hot.serving import begin
from webapp.settings import Settings
from webapp.telemetry import spans
from webapp.telemetry.counts import HOT as HOT_COUNTS
from webapp.telemetry.counts import counted

READING: Final = {b"GET": "GET", b"HEAD": "HEAD"}
HOT: Final = re.compile(r"/static/.+|/whitelist/[^/]+|/functions/[^/]+/table|/api/v1/.+/preview")
LOOKS: Final = 2
CLIENTS_REMEMBERED: Final = 1024


class Front:
    """Of one application."""

    def __init__(
        self, app: FastAPI, settings: Settings, files: Bounded[bytes, Slot], queue: Queue
    ) -> None:
        self._refusals = Refusals(queue, https=settings.https)
        self._app, self._https, self.files = app, settings.https, files
        proxies = TrustedProxies(app, networks=settings.proxy_networks)
        self._client_of = lru_cache(CLIENTS_REMEMBERED)(proxies.client_of)
        self._is_proxy = lru_cache(CLIENTS_REMEMBERED)(proxies.is_proxy)
        self._lines = AccessLines()
        self._looks = Looks()

    def at_once(self, head: Head, peer: Peer) -> Sent | None:
        """The answer, if there is one without waiting. Writes its line of the log."""
        if head.method not in READING:
            return None
        if about := self.about(head, peer):
            return self.answer(READING[head.method], about)
        return self.refuse(head, peer)

    def refuse(self, head: Head, peer: Peer) -> Sent | None:
        """The refusal of a page, while all threads are busy and many requests wait for one."""
        asked, address = head.asked, head.address
        if asked is None or HOT.match(address.decode("latin-1")):
            return None
        method, client = READING[head.method], self._client(asked, peer)
        refused = self._refusals.at_once(method, address, asked.host, client)
        if refused is None:
            return None
        answer, line = refused
        return self._logged(answer, line, head.headers, peer)._replace(pause_s=PAUSE_S)

    def about(self, head: Head, peer: Peer, app: FastAPI | None = None) -> About | None:
        """What is asked for, of this application or a copy of it, if the answer may be known."""
        app = app or self._app
        cache: HotCache = app.state.parts.hot
        slot = cache.slots.get(head.address) or self.files.get(head.address)
        asked = head.asked if slot else None
        if not slot or not asked or asked.host not in slot.hosts:
            return None
        client = self._client(asked, peer)
        return About(app, cache, slot, asked, head.headers, client, Moment.now(), peer)

    def _client(self, asked: Asked, peer: Peer) -> str:
        forwarded_for = asked.forwarded_for.decode("latin-1")
        return self._client_of(peer[0], forwarded_for) if peer else ""

    def answer(self, method: str, about: About) -> Sent | None:
        """The same. Soon before it is too old, it is looked up again, for the next one."""
        slot = about.slot
        who, age_s = self._who(about)
        if who is None or age_s >= FRESH_S:
            return None
        prepared = slot.state.answers.get(who.in_browser)
        if prepared is None:
            return None
        if age_s > RENEWED_AFTER_S:
            self._looks.begin(about)
        answer = self._answer(about, prepared)
        of_log = about.client, slot.source.operation, who.name, who.role
        line = Line(method, slot.shown, answer.status, *of_log)
        sent = self._logged(answer, line, about.headers, about.peer, about)
        if prepared.since:
            sent.own.append((b"age", b"%d" % prepared.age_s()))
        return sent

    def _logged(
        self, answer: Answer, line: Line, headers: Headers, peer: Peer, about: About | None = None
    ) -> Sent:
        """`about` is what was asked for; None of what is refused."""
        HOT_COUNTS[line.method, line.operation, line.status] += 1
        request_id, trace_id = self._lines.new_id(), ""
        if tracing := spans.active:
            by_proxy = peer is not None and self._is_proxy(peer[0])
            begun_s = about.begun.at_s if about else None
            span = tracing.request(line.method, headers, by_proxy=by_proxy, begun_s=begun_s)
            template = about.slot.template if about else ""
            span.end(template, counted(line.operation, line.status), line.status, request_id)
            trace_id = span.trace_id
        self._lines.write_soon(line, request_id, trace_id)
        return Sent(answer, [(b"x-request-id", request_id.encode())])

    async def look_up(self, about: About) -> bool:
        """Whether what is known still holds, by the database. False for who is not known."""
        return self._who(about)[0] is not None and await self._looks.wait(about)

    def _who(self, about: About) -> tuple[Who | None, float]:
        """Who asks, and how many seconds ago the oldest look was that says so."""
        slot = about.slot
        if slot.source.is_file:
            return ANYBODY, 0
        looked_s = slot.state.looked.age_s(about.begun)
        if slot.source.is_public:
            return ANYBODY, looked_s
        who, looked = about.cache.who.get(about.who) or (None, about.begun)
        return who, max(looked_s, looked.age_s(about.begun))

    def _answer(self, about: About, prepared: Prepared) -> Answer:
        asked = about.asked
        coding = prepared.coding(asked.accept_encoding.decode("latin-1"))
        known = prepared.is_known(asked.if_none_match.decode("latin-1"))
        found = prepared.made.get((coding, known))
        if found is None:
            made = prepared.constant(coding, not_modified=known)
            headers = MutableHeaders(raw=made.raw_headers)
            complete(headers, about.slot.path, made.status_code, https=self._https)
            found = Answer(made.status_code, made.raw_headers, bytes(made.body))
            prepared.made[coding, known] = found
        return found


class HotAnswers:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, front: Front) -> None:
        self._app, self._front = app, front
        self._first: dict[Hashable, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        sent = await self._find(scope)
        if sent is None and (asked := may_be_hot(scope)):
            key = address_of(scope), asked.host, asked.who("")
            if first := self._first.get(key):
                await first.wait()
                sent = await self._find(scope)
            else:
                await self._pass_on_first(key, scope, receive, send)
                return
        if sent is None:
            begin(scope)
            await self._app(scope, receive, send)
            return
        start = {"status": sent.answer.status, "headers": [*sent.answer.headers, *sent.own]}
        await send({"type": "http.response.start", **start})
        body = b"" if scope["method"] == "HEAD" else sent.answer.body
        await send({"type": "http.response.body", "body": body})

    async def _find(self, scope: Scope) -> Sent | None:
        """After a look at the database, if there has to be one.

        The first one may have begun too early for this request; then the second one has not.
        """
        front, head = self._front, Head(b"GET", address_of(scope), scope["headers"])
        about = front.about(head, scope.get("client"), scope.get("app"))
        if about is None:
            return None
        for _ in range(LOOKS):
            if sent := front.answer(scope["method"], about):
                return sent
            if not await front.look_up(about):
                return None
        return front.answer(scope["method"], about)

    async def _pass_on_first(
        self, key: Hashable, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """The router's answer is for all who ask for the same meanwhile."""
        self._first[key] = asyncio.Event()
        begin(scope)
        try:
            await self._app(scope, receive, send)
        finally:
            self._first.pop(key).set()


def may_be_hot(scope: Scope) -> Asked | None:
    """What a request asks with, if its path is one of those that are answered from here."""
    return read(scope["headers"]) if HOT.fullmatch(scope["path"]) else None
