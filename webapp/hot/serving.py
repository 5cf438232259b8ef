"""How a route answers from prepared bytes, and keeps them for the next one who asks."""

from typing import Any

from fastapi import Response

from webapp.deps import Context
from webapp.hot.cache import Moment, Slot, Source, Who
from webapp.hot.requests import address_of, read
from webapp.telemetry.spans import TEMPLATE

BEGUN = "egret.begun"
"""In the scope: when the request began, so that what the router finds out can be kept."""


def serve(ctx: Context, source: Source, *arguments: Any, query: str = "") -> Response:
    """The route's answer. It is kept if the address is written as it usually is, with that query.

    Raises NotFound.
    """
    request, cache = ctx.request, ctx.parts.hot
    scope, address = request.scope, address_of(request.scope)
    who = who_is(ctx)
    template = scope.get(TEMPLATE, "")
    slot = cache.slots.get(address) or Slot(source, address, scope["path"], arguments, template)
    prepared = slot.bring_up_to_date(ctx.session, in_browser=who.in_browser)
    asked, begun = read(scope["headers"]), scope.get(BEGUN)
    usual = f"{scope['path']}?{query}" if query else scope["path"]
    if asked and begun and address.decode("latin-1") == usual:
        slot.answered_by(asked.host)
        cache.keep(slot)
        if not source.is_public:
            cache.who.put(asked.who(source.operation), (who, begun))
    headers = request.headers
    return prepared.response(headers.get("accept-encoding", ""), headers.get("if-none-match", ""))


def who_is(ctx: Context) -> Who:
    """As the log names who asks."""
    return Who(ctx.actor, ctx.role or "", ctx.user is not None)


def begin(scope: Any) -> None:
    """Note in the scope that the router answers the request from here on."""
    scope[BEGUN] = Moment.now()
