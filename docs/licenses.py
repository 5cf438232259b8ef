"""Lists the licence of every package, and fails for one that docs/licenses.toml does not allow.

    make licenses               (python -m docs.licenses)

Python packages come from the locks, as they are installed here; those of npm, which only tests
use, from their package-lock.json.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docs.packages import (
    DEV_LOCK,
    IMAGE_LOCK,
    LICENSES,
    OTEL_LOCK,
    ROOT,
    RUN_LOCK,
    UNKNOWN,
    installed,
)
from docs.packages import locked as names_in

IMAGE, SANDBOX, DEVELOPMENT = "image", "sandbox", "development"


@dataclass(frozen=True)
class Row:
    name: str
    version: str
    license: str
    used: str

    @property
    def allowed(self) -> bool:
        return is_allowed(self.license, self.used)


def is_allowed(expression: str, used: str) -> bool:
    """Whether a licence may be used there: one side of each OR, every side of an AND.

    An expression that nests them is refused: read it, and put the result under `[read]`.
    """
    table = LICENSES["anywhere"] | (LICENSES["development"] if used == DEVELOPMENT else {})
    plain = expression.removeprefix("(").removesuffix(")")
    if "(" in plain:
        return False
    choices = [re.split(r"\s+AND\s+", choice) for choice in re.split(r"\s+OR\s+", plain)]
    return any(all(each in table for each in choice) for choice in choices)


def rows() -> Iterator[Row]:
    image, run = names_in(IMAGE_LOCK) | names_in(OTEL_LOCK), names_in(RUN_LOCK)
    for package in installed(DEV_LOCK):
        used = IMAGE if package.name in image else SANDBOX if package.name in run else DEVELOPMENT
        yield Row(package.name, package.version, package.license, used)
    for lock in sorted(ROOT.glob("tests/*/package-lock.json")):
        yield from of_npm(lock)


def of_npm(lock: Path) -> Iterator[Row]:
    """The packages of a package-lock.json; its first entry, without a name, is the project."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    for path, package in packages.items():
        if path:
            name = f"npm:{path.rpartition('node_modules/')[2]}"
            licensed = LICENSES["read"].get(name) or package.get("license") or UNKNOWN
            yield Row(name, package["version"], licensed, DEVELOPMENT)


def main() -> None:
    every = list(dict.fromkeys(rows()))
    for row in every:
        print(f"{row.name:42} {row.version:20} {row.license:32} {row.used}")
    refused = [row for row in every if not row.allowed]
    if refused:
        told = ", ".join(f"{row.name} ({row.license}, {row.used})" for row in refused)
        sys.exit(f"Not allowed: {told}. Read the licence, then see docs/licenses.toml.")
    print(f"{len(every)} packages, each with a licence that docs/licenses.toml allows.")


if __name__ == "__main__":
    main()
