"""Hashes are made a few at a time, and the queue for them is short."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from webapp.errors import Unavailable
from webapp.services.access.hashing import Turns, hash_password, verify


def test_who_finds_the_queue_full_is_told_at_once_to_come_again() -> None:
    turns = Turns(at_once=1, waiting=0)
    with turns.turn():
        with pytest.raises(Unavailable, match="Too many people sign in") as refused, turns.turn():
            pass
        assert refused.value.retry_after_s
    with turns.turn():
        pass


def test_nobody_waits_for_a_turn_for_ever() -> None:
    turns = Turns(at_once=1, waiting=1, wait_s=0.01)
    with (
        turns.turn(),
        pytest.raises(Unavailable, match="Too many people sign in"),
        turns.turn(),
    ):
        pass
    with turns.turn():
        assert not turns.is_full


def test_who_waits_for_a_turn_holds_no_connection(engine: Engine) -> None:
    pool: Any = engine.pool
    turns = Turns(at_once=1, waiting=1)

    def wait() -> None:
        with Session(engine) as session:
            session.connection()
            with turns.turn():
                pass

    with ThreadPoolExecutor(1) as thread:
        with ExitStack() as busy:
            busy.enter_context(turns.turn())
            waiting = thread.submit(wait)
            time.sleep(0.2)
            assert not waiting.done()
            assert pool.checkedout() == 0
        waiting.result()


def test_a_password_is_compared_whole() -> None:
    long = "x" * 300
    hashed = hash_password(long)
    assert verify(long, hashed)
    assert not verify(long[:-1], hashed)


def test_who_has_no_password_cannot_sign_in_with_any() -> None:
    assert not verify("", "")
