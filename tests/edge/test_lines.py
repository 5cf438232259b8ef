"""Lines of requests: the same as of others, in their place, and none is lost."""

import asyncio
import io
import logging
import re
from collections.abc import Iterator
from typing import Literal

import pytest

from tests import loops
from webapp import logs
from webapp.edge.lines import WAITING_MAX, AccessLines, Line
from webapp.logs import Lines, Stream

ODD = Line("GET", "/a%0Ab", 200, "192.0.2.1", "pages.x", 'ada" role="admin\n\u202e', "viewer")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{12}\+00:00")


@pytest.fixture(params=["text", "json"])
def stream(request: pytest.FixtureRequest) -> Iterator[Stream]:
    """The process's, as `configure` makes it, but into memory."""
    log_format: Literal["text", "json"] = request.param
    made = Stream()
    made.setStream(io.StringIO())
    made.setFormatter(Lines(log_format))
    level = logging.root.level
    logging.root.addHandler(made)
    logging.root.setLevel(logging.INFO)
    yield made
    logging.root.removeHandler(made)
    logging.root.setLevel(level)


def written(stream: Stream) -> list[str]:
    assert isinstance(stream.stream, io.StringIO)
    return stream.stream.getvalue().splitlines()


@pytest.mark.parametrize("trace_id", ["", "4bf92f3577b34da6a3ce929d0e0e4736"])
def test_a_line_is_what_the_formatter_would_have_written(stream: Stream, trace_id: str) -> None:
    async def write() -> None:
        lines = AccessLines()
        for took_ms in (0, 7):
            lines.write(ODD, "0123456789abcdef", trace_id, took_ms)

    loops.run(write())
    for took_ms in (0, 7):
        with logs.about(request_id="0123456789abcdef", **ODD.known(trace_id)):
            extra = {"status": 200, "took_ms": took_ms}
            logging.getLogger("egret.access").info(f"%s %s %s {took_ms} ms", *ODD[:3], extra=extra)
    *early, third, fourth = (TIME.sub("", line) for line in written(stream))
    assert early == [third, fourth]
    assert all(trace_id in line and line.isprintable() for line in early)


def test_a_later_line_is_written_later(stream: Stream) -> None:
    async def write() -> None:
        lines = AccessLines()
        lines.write_soon(ODD, lines.new_id())
        lines.write_soon(ODD._replace(path="/second"), lines.new_id())
        assert not written(stream)
        logging.getLogger("egret").warning("third")

    loops.run(write())
    assert ["a%0Ab" in line for line in written(stream)] == [True, False, False]
    assert ["third" in line for line in written(stream)] == [False, False, True]


def test_lines_do_not_wait_for_long_nor_in_large_numbers(stream: Stream) -> None:
    async def write() -> None:
        lines = AccessLines()
        for _ in range(WAITING_MAX):
            lines.write_soon(ODD, lines.new_id())
        assert len(written(stream)) == WAITING_MAX
        lines.write_soon(ODD, lines.new_id())
        while len(written(stream)) == WAITING_MAX:
            await asyncio.sleep(0.01)

    loops.run(write())
    assert len(set(written(stream))) == WAITING_MAX + 1


def test_a_log_that_cannot_be_written_stops_nobody(stream: Stream) -> None:
    stream.later("a")
    stream.stream.close()
    stream.flush()
    stream.later("b")
    assert stream.waiting == 1


def test_ids_are_like_those_of_others() -> None:
    lines = AccessLines()
    ids = [lines.new_id() for _ in range(1000)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in ids)
