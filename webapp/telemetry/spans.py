"""Whether somebody collects traces, which say how long each part of a request took.

`active` makes the spans (`webapp.telemetry.tracing`). It is None unless traces were asked for, and
then looking at it is all that they cost. This module imports nothing, so any other one may use it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from webapp.telemetry.tracing import Tracing

TEMPLATE: Final = "egret.template"
"""In a request's scope: the path of its route, such as `/networks/{name}`."""
BY_PROXY: Final = "egret.by_proxy"
"""In a request's scope: its connection comes from a proxy that is trusted."""

active: "Tracing | None" = None


def step(kind: str) -> AbstractContextManager[None]:
    """One step of the work on a row, in the block."""
    return active.step(kind) if active else nullcontext()


def note(**known: str) -> None:
    """What has become known of the step that this thread takes."""
    if active:
        active.note(**known)


@contextmanager
def made_by(tracing: "Tracing") -> Iterator[None]:
    """Spans are made in the block, in every thread."""
    global active  # noqa: PLW0603 - read at each request: a look-up in the module is the cheapest
    before, active = active, tracing
    try:
        yield
    finally:
        active = before
