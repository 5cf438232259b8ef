"""What Egret depends on: locked the same everywhere, licensed as we allow, and not too much."""

import re
from pathlib import Path

import pytest

from docs.licenses import DEVELOPMENT, IMAGE, is_allowed, of_npm, rows
from docs.packages import (
    DEV_LOCK,
    IMAGE_LOCK,
    LICENSES,
    OTEL_LOCK,
    PROJECT,
    ROOT,
    RUN_LOCK,
    UNKNOWN,
    direct,
    license_of,
    locked,
)
from tests.fast import thorough

DIRECT_MAX = 28
EXTRAS = ("otel", "sandbox", "dev")
DEPENDENCY = re.compile(r'^  "[\w-]+[^"]*", +# \w', re.MULTILINE)


@thorough("every package is read")
def test_every_package_has_a_licence_that_is_allowed() -> None:
    found = list(rows())
    assert {row.used for row in found} == {IMAGE, "sandbox", DEVELOPMENT}
    assert not [row for row in found if not row.allowed]


@pytest.mark.parametrize(
    ("expression", "used", "allowed"),
    [
        ("MIT", IMAGE, True),
        ("GPL-3.0-or-later", IMAGE, False),
        ("GPL-3.0-or-later", DEVELOPMENT, True),
        ("AGPL-3.0-only", DEVELOPMENT, False),
        (UNKNOWN, DEVELOPMENT, False),
        ("(GPL-2.0-only OR MIT)", IMAGE, True),
        ("MIT AND GPL-2.0-only", IMAGE, False),
        ("MIT AND (GPL-2.0-only OR MIT)", IMAGE, False),
    ],
)
def test_a_licence_is_allowed_where_each_part_of_it_is(
    expression: str, used: str, allowed: bool
) -> None:
    assert is_allowed(expression, used) is allowed


def test_a_licence_is_read_from_any_kind_of_metadata() -> None:
    assert license_of("a", {"License-Expression": "MIT"}, []) == "MIT"
    assert license_of("a", {"License": "Apache License 2.0"}, []) == "Apache-2.0"
    assert license_of("a", {"License": "the whole text"}, ["MIT License"]) == "MIT"
    assert license_of("a", {"License": "BSD"}, ["BSD License"]) == UNKNOWN


def test_a_package_of_npm_without_a_licence_is_found(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    lock.write_text('{"packages": {"": {}, "node_modules/odd": {"version": "1.0.0"}}}')
    (row,) = of_npm(lock)
    assert (row.name, row.license, row.allowed) == ("npm:odd", UNKNOWN, False)


def test_every_allowed_licence_has_its_reason() -> None:
    assert all(LICENSES["anywhere"].values())
    assert all(LICENSES["development"].values())


def test_the_locks_have_the_same_versions() -> None:
    image, run, dev = locked(IMAGE_LOCK), locked(RUN_LOCK), locked(DEV_LOCK)
    otel = locked(OTEL_LOCK)
    assert image.items() < run.items() < dev.items()
    assert image.items() < otel.items() < dev.items()
    assert set(direct()) <= set(image)
    assert set(direct("sandbox")) <= set(run) - set(image)
    assert set(direct("otel")) <= set(otel) - set(run)


def test_boto3_and_its_types_are_pinned_alike() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert set(re.findall(r"boto3(?:\[.*?\])?==([\d.]+)", text)) == {locked(IMAGE_LOCK)["boto3"]}


def test_direct_dependencies_are_few_and_each_has_its_reason() -> None:
    assert len(direct()) <= DIRECT_MAX
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[project.scripts]")[0]
    reasons = DEPENDENCY.findall(text)
    assert len(reasons) == len(direct()) + sum(map(len, map(direct, EXTRAS)))


def test_egret_itself_is_under_the_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
