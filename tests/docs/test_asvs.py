"""docs/asvs.csv has every requirement of OWASP ASVS 5.0.0 of levels 1 and 2, and shows each yes.

Ids and levels are those of the standard (CC BY-SA 4.0); the requirements are in our own words.
"""

import ast
import csv
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATUSES = {"yes", "not applicable", "planned"}
WORDS_MAX = 25
NAMED_FILE = re.compile(r"\b(?:tests|docs|webapp|lambda_templates)/[\w/]+\.\w+|\b[A-Z]+\.md\b")


def rows(path: str) -> list[dict[str, str]]:
    with (ROOT / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def named_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


def test_every_requirement_is_there_once() -> None:
    there = [(row["id"], row["level"]) for row in rows("docs/asvs.csv")]
    assert there == [(row["id"], row["level"]) for row in rows("tests/data/asvs_5_0_0.csv")]
    assert len(there) == 253


def test_every_requirement_has_a_status_and_few_words() -> None:
    for row in rows("docs/asvs.csv"):
        assert row["status"] in STATUSES, row
        assert row["chapter"], row
        assert 1 < len(row["requirement"].split()) <= WORDS_MAX, row


def test_every_yes_names_tests_that_exist() -> None:
    for row in rows("docs/asvs.csv"):
        if row["status"] == "yes":
            assert row["test"], row
            for path, _, name in (test.partition("::") for test in row["test"].split()):
                assert name in named_in(path), (row["id"], path, name)


def test_every_other_status_has_a_reason_and_no_test() -> None:
    for row in rows("docs/asvs.csv"):
        if row["status"] != "yes":
            assert row["reason"], row
            assert not row["test"], row


def test_every_file_that_a_reason_names_exists() -> None:
    named = {file for row in rows("docs/asvs.csv") for file in NAMED_FILE.findall(row["reason"])}
    assert len(named) > 5
    assert not [file for file in named if not (ROOT / file).exists()]
