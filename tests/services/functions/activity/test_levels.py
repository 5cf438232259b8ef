"""How grave a line is, and the pattern that finds those that are grave."""

import pytest

from webapp.sandbox.embedded_aws.filter_patterns import compiled
from webapp.services.functions.activity.levels import Level, level_of, pattern_of

TIME = "2026-11-25T12:00:00.000Z"
LINES = [
    ("START RequestId: 1 Version: $LATEST", Level.PLATFORM),
    ("REPORT RequestId: 1\tDuration: 1.00 ms", Level.PLATFORM),
    ("INIT_START Runtime Version: python:3.13", Level.PLATFORM),
    ("[ERROR] ZeroDivisionError: division by zero\nTraceback (most", Level.ERROR),
    (f"[ERROR]\t{TIME}\t1\tthe key is refused", Level.ERROR),
    ("Traceback (most recent call last):\n  File", Level.ERROR),
    (f"{TIME} 1 Task timed out after 3.00 seconds", Level.ERROR),
    ("RequestId: 1 Error: Runtime exited with error: signal: killed", Level.ERROR),
    (f"[WARNING]\t{TIME}\t1\tslow", Level.WARNING),
    ('{"level": "ERROR", "message": "x"}', Level.ERROR),
    ('{"level":"warn","message":"x"}', Level.WARNING),
    ('{"level": "INFO", "message": "ERROR"}', Level.INFO),
    ('{"level": ["ERROR"]}', Level.INFO),
    ("{" + "[" * 100_000, Level.INFO),
    ("[ERRORS] there are none", Level.INFO),
    (f"[INFO]\t{TIME}\t1\thello", Level.INFO),
    ("", Level.INFO),
]


@pytest.mark.parametrize(("line", "level"), LINES)
def test_the_level_of_a_line_is_recognised(line: str, level: Level) -> None:
    assert level_of(line) is level


@pytest.mark.parametrize("least", [Level.ERROR, Level.WARNING])
def test_the_pattern_of_a_level_finds_all_lines_of_it(least: Level) -> None:
    matches = compiled(pattern_of(least))
    assert all(matches(line) for line, level in LINES if level >= least)
    assert not matches("[INFO]\thello")
    assert pattern_of(Level.INFO) == ""
