"""Switches that let tests cause failures which happen on AWS now and then, but never here.

`PUT /_egret/switches` with a JSON list replaces all switches; an empty list removes them. One with
a `resource` makes it fail in one stack; the stack's statuses and events follow as on
CloudFormation. Any other one limits the whole account: see `iam.limits.Limit`.
"""

import json
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from webapp.sandbox.embedded_aws.iam.limits import Limit, Limits

PATH = "/_egret/switches"
HOLD_TIMEOUT_S = 60.0
HOLD_POLL_S = 0.02


@dataclass
class Switch:
    """The `resource`, a logical id, fails with `reason` at `when`: create, update or delete.

    The first `skip` attempts succeed, then as many as `times` fail. With `hold` the attempt hangs
    instead, until the switch is removed.
    """

    stack: str
    resource: str
    when: str
    reason: str = ""
    skip: int = 0
    times: int = 1
    hold: bool = False


class Switches:
    """`limits` are those of the account that some switches set."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._lock, self._limits = Lock(), limits or Limits()
        self._set: list[Switch] = []

    def put(self, body: bytes) -> None:
        """Replace all switches. Raises ValueError for what is none."""
        given: list[dict[str, Any]] = json.loads(body)
        try:
            failing = [Switch(**each) for each in given if "resource" in each]
            limits = [Limit(**each) for each in given if "resource" not in each]
        except TypeError as error:
            raise ValueError(f"not a switch: {error}") from None
        with self._lock:
            self._set = failing
        self._limits.put(limits)

    def check(self, stack: str | None, resource: str | None, when: str) -> None:
        """Hang, or raise ValueError as a failing resource does, if a switch says so."""
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
        status, answer = 204 if scope["method"] == "PUT" else 405, b""
        if status == 204:
            try:
                self.put(body)
            except ValueError as error:
                status, answer = 400, str(error).encode()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})
