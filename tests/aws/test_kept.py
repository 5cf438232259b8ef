"""Answers of AWS that serve for a while. Time is virtual."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from webapp.aws.kept import Kept


class Asked:
    """What is asked: each answer is another one."""

    def __init__(self) -> None:
        self.times, self.now = 0, 0.0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def test_an_answer_serves_until_its_time_is_over() -> None:
    ask = Asked()
    kept = Kept[int](30, lambda: ask.now)
    assert [kept.get("a", ask), kept.get("a", ask), kept.get("b", ask)] == [1, 1, 2]
    ask.now = 30
    assert kept.get("a", ask) == 3


def test_an_answer_that_is_not_good_any_more_is_asked_for_anew() -> None:
    ask, kept = Asked(), Kept[int](30)
    assert kept.get("a", ask) == 1
    assert kept.get("a", ask, still_good=lambda answer: answer > 1) == 2
    assert kept.get("a", ask, still_good=lambda answer: answer > 1) == 2


def test_nothing_is_kept_for_no_time_and_no_error_at_all() -> None:
    ask, never = Asked(), Kept[int](0)
    assert [never.get("a", ask), never.get("a", ask)] == [1, 2]
    kept = Kept[int](30)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", ask) == 3


def test_one_asks_and_the_others_get_its_answer() -> None:
    ask, kept, begun, go_on = Asked(), Kept[int](30), Event(), Event()

    def slowly() -> int:
        begun.set()
        assert go_on.wait(10)
        return ask()

    with ThreadPoolExecutor() as pool:
        first = pool.submit(kept.get, "a", slowly)
        assert begun.wait(10)
        others = [pool.submit(kept.get, "a", ask) for _ in range(3)]
        assert kept.get("b", lambda: -1) == -1, "what is asked of another is not waited for"
        go_on.set()
        assert [each.result() for each in (first, *others)] == [1] * 4
