"""The packages that are installed from a lock, with their licences as SPDX expressions.

What a package says about its licence is read from its metadata (PEP 639: `License-Expression`;
before it: `License` and classifiers, whose words docs/licenses.toml translates).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
IMAGE_LOCK = ROOT / "requirements-image.lock"
OTEL_LOCK = ROOT / "requirements-otel.lock"
RUN_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
LOCKED = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)
LICENSES: dict[str, Any] = tomllib.loads((ROOT / "docs/licenses.toml").read_text("utf-8"))
UNKNOWN = "unknown"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REMEDY = "Install what is locked: pip install --no-deps --require-hashes -r requirements-dev.lock"


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    license: str
    requires: tuple[str, ...] = ()


def locked(lock: Path) -> dict[str, str]:
    """Name → version of what a lock installs on this machine."""
    found = LOCKED.findall(lock.read_text(encoding="utf-8"))
    return {
        str(canonicalize_name(name)): version
        for name, version, marker in found
        if not marker or Marker(marker).evaluate()
    }


def direct(extra: str = "") -> dict[str, Requirement]:
    """What pyproject.toml asks for, by name: at run time, or by an extra."""
    extras = PROJECT["optional-dependencies"]
    requirements = map(Requirement, extras[extra] if extra else PROJECT["dependencies"])
    return {str(canonicalize_name(each.name)): each for each in requirements}


def installed(lock: Path) -> list[Package]:
    """What is installed from `lock`, by name.

    Raises RuntimeError where this environment has another version, or the package not at all.
    """
    return [_package(name, version) for name, version in sorted(locked(lock).items())]


def license_of(name: str, metadata: Mapping[str, str], classifiers: list[str]) -> str:
    """An SPDX expression, or `unknown` if the metadata has no word that we know."""
    if read := LICENSES["read"].get(name):
        return str(read)
    if expression := metadata.get("License-Expression"):
        return expression
    words = [metadata.get("License") or "", *classifiers]
    found = [LICENSES["words"][word] for word in words if word in LICENSES["words"]]
    return str(found[0]) if found else UNKNOWN


def _package(name: str, version: str) -> Package:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        raise RuntimeError(f"{name} is locked, but not installed. {REMEDY}") from None
    if found.version != version:
        raise RuntimeError(f"{name} {version} is locked, but {found.version} installed. {REMEDY}")
    metadata = {key: found.metadata[key] for key in set(found.metadata)}
    classifiers = [
        each.removeprefix("License :: OSI Approved :: ")
        for each in found.metadata.get_all("Classifier") or ()
    ]
    licensed = license_of(name, metadata, classifiers)
    asked = direct().get(name)
    requires = sorted(set(_requires(found, asked.extras if asked else set())))
    return Package(name, version, licensed, tuple(requires))


def _requires(found: Distribution, extras: set[str]) -> Iterator[str]:
    for text in found.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield str(canonicalize_name(requirement.name))
