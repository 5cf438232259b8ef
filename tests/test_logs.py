"""Log lines: one a record, as text or as a valid JSON object, whatever happens."""

import json
import logging
import os
import subprocess
import sys
import threading
from contextvars import copy_context
from typing import Any

import pytest

from webapp import logs
from webapp.logs import Lines

CRASH = """
import logging, threading, warnings
from webapp import logs
logs.configure("json")
logging.getLogger("x").info('a "quoted" text\\nin two lines')
logging.getLogger("x").info("%d", "no number")
logging.getLogger("alembic.runtime.plugins").info("at each start")
logging.getLogger("uvicorn.error").error("of uvicorn")
logging.getLogger("asyncio").error("of asyncio")
warnings.warn("take care")
def fail(): raise ValueError("in a thread\\nin two lines")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
class Dying:
    def __del__(self): raise ValueError("in a __del__")
Dying()
logs.say('Egret is at "home"', "json", print)
raise ValueError("in the end")
"""


class Unshowable:
    def __str__(self) -> str:
        raise ValueError

    __repr__ = __str__


def logged(message: object, *arguments: object, **more: Any) -> dict[str, str]:
    record = logging.LogRecord("egret", logging.INFO, "f.py", 1, message, arguments, None, **more)
    line = Lines("json").format(record)
    assert "\n" not in line
    found: dict[str, str] = json.loads(line)
    return found


@pytest.mark.parametrize(
    "text", ['"', "\\", "a\nb\r\nc", "\x00\x1b[31m", "\u2028", "\ud800", "é🔥"]
)
def test_every_character_comes_through(text: str) -> None:
    assert logged("%s", text)["message"] == text
    assert logged(text)["message"] == text


def test_arguments_that_do_not_fit_are_said_to_be_missing() -> None:
    assert "cannot be shown" in logged("%d", "x")["message"]
    assert "cannot be shown" in logged("%s", Unshowable())["message"]
    assert "cannot be shown" in logged(Unshowable())["message"]


def test_a_traceback_is_part_of_its_line() -> None:
    try:
        raise ValueError('"')
    except ValueError:
        record = logging.LogRecord("egret", 40, "f.py", 1, "it failed", (), sys.exc_info())
    found = json.loads(Lines("json").format(record))
    assert found["message"] == "it failed"
    assert found["traceback"].endswith('ValueError: "')


@pytest.mark.parametrize(
    "text", ["a\nCRITICAL egret b", "a\r", "\x1b[2K", "\u2028", "\u202e", "\ud800", "\x85", "\x00"]
)
def test_a_line_of_text_cannot_be_forged(text: str) -> None:
    record = logging.LogRecord("egret", logging.INFO, "f.py", 1, "%s", (text,), None)
    with logs.about(user=f'{text}" role="admin', request_id="1"):
        line = Lines("text").format(record)
    assert line.isprintable()
    fields, _, message = line.partition(" request_id=1 ")
    assert 'user="a\\' in fields or 'user="\\' in fields
    assert '\\" role=\\"admin"' in fields
    assert message.encode().decode("unicode_escape") == text


def test_a_traceback_is_on_the_line_of_its_text() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError:
        record = logging.LogRecord("egret", 40, "f.py", 1, "it failed", (), sys.exc_info())
    line = Lines("text").format(record)
    assert line.isprintable()
    assert "ERROR egret it failed Traceback (most recent call last):\\n" in line


def test_what_a_thread_notes_is_on_the_lines_of_its_request() -> None:
    with logs.about(request_id="1"):
        context = copy_context()
        thread = threading.Thread(target=lambda: context.run(logs.note, user="ada"))
        thread.start()
        thread.join()
        found = logged("x")
    assert (found["request_id"], found["user"]) == ("1", "ada")
    logs.note(user="eve")
    assert "user" not in logged("x")


def test_no_record_overwrites_what_every_line_has() -> None:
    with logs.about(level="INFO", time="now"):
        found = logged("x", status=200)
    assert found["time"] != "now"


def test_a_process_writes_nothing_else_even_when_it_crashes() -> None:
    environment = os.environ | {"PYTHONWARNINGS": "default"}
    done = subprocess.run(
        [sys.executable, "-c", CRASH],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in [*done.stderr.splitlines(), *done.stdout.splitlines()]]
    assert [line["message"].partition("\n")[0] for line in lines] == [
        'a "quoted" text',
        "%d (its arguments cannot be shown)",
        "of uvicorn",
        "of asyncio",
        lines[4]["message"].partition("\n")[0],
        "it ended by an error",
        "it ended by an error",
        "it ended by an error",
        'Egret is at "home"',
    ]
    assert "take care" in lines[4]["message"]
    assert "in a thread" in lines[5]["traceback"]
    assert "in a __del__" in lines[6]["traceback"]
