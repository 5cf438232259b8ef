"""Switches for failures that AWS has now and then, and an embedded one never would: for tests.

They are set while it runs, by `PUT /_egret/switches` with a JSON list, for one stack each; an empty
list takes all of them away. The stack's statuses and events then are CloudFormation's own.
"""

import json
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

PATH = "/_egret/switches"
HOLD_TIMEOUT_S = 60.0
HOLD_POLL_S = 0.02


@dataclass
class Switch:
    """To `create`, `update` or `delete` (`when`) the `resource` of the `stack` fails, so often.

    It fails after `skip` times when it does not. With `hold` it hangs instead, until the switch is
    taken away.
    """

    stack: str
    resource: str
    when: str
    reason: str = ""
    skip: int = 0
    times: int = 1
    hold: bool = False


class Switches:
    def __init__(self) -> None:
        self._lock = Lock()
        self._set: list[Switch] = []

    def put(self, body: bytes) -> None:
        """Take these instead of those that there were."""
        with self._lock:
            self._set = [Switch(**given) for given in json.loads(body)]

    def check(self, stack: str | None, resource: str | None, when: str) -> None:
        """Raises ValueError, as a failed resource does, when a switch says so; or hangs."""
        found = self._take(stack, resource, when)
        if found and not found.hold:
            raise ValueError(found.reason)
        until = time.monotonic() + HOLD_TIMEOUT_S
        while found in self._set and time.monotonic() < until:
            time.sleep(HOLD_POLL_S)

    def _take(self, stack: str | None, resource: str | None, when: str) -> Switch | None:
        with self._lock:
            for switch in self._set:
                wanted = (switch.stack, switch.resource, switch.when)
                if wanted != (stack, resource, when) or not switch.times:
                    continue
                if not switch.skip:
                    switch.times -= 1
                    return switch
                switch.skip -= 1
        return None

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application behind PATH."""
        body, more = b"", scope["method"] == "PUT"
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status = 204 if scope["method"] == "PUT" else 405
        if status == 204:
            self.put(body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
