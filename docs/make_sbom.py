"""Writes what Egret consists of as CycloneDX 1.6: build/sbom/image.cdx.json and sandbox.cdx.json.

    make sbom                   (python -m docs.make_sbom)

Each lists the packages that its lock installs, in the versions that are installed here, with
licences and with what needs what. The same packages give the same bytes: there is no time in it,
and its serial number follows from its content. https://cyclonedx.org/docs/1.6/json/
"""

import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from docs.packages import (
    IMAGE_LOCK,
    PROJECT,
    ROOT,
    RUN_LOCK,
    Package,
    direct,
    installed,
    locked,
)

FOLDER = ROOT / "build" / "sbom"
LOCKS = {"image": IMAGE_LOCK, "sandbox": RUN_LOCK}


def sbom_text(lock: Path) -> str:
    """The SBOM of Egret with what `lock` installs. Raises RuntimeError if that is not installed."""
    packages = installed(lock)
    named = tuple(name for name in [*direct(), *direct("sandbox")] if name in locked(lock))
    egret = Package(PROJECT["name"], PROJECT["version"], PROJECT["license"], named)
    content = {
        "metadata": {"component": _component(egret) | {"type": "application"}},
        "components": [_component(package) for package in packages],
        "dependencies": _dependencies([egret, *packages]),
    }
    serial = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True))
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
    }
    return json.dumps(bom | content, indent=2) + "\n"


def _component(package: Package) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "licenses": [{"expression": package.license}],
        "purl": _purl(package),
    }


def _purl(package: Package) -> str:
    """A package URL. https://github.com/package-url/purl-spec"""
    return f"pkg:pypi/{package.name}@{package.version}"


def _dependencies(packages: list[Package]) -> list[dict[str, Any]]:
    refs = {package.name: _purl(package) for package in packages}
    return [
        {"ref": _purl(each), "dependsOn": [refs[name] for name in each.requires if name in refs]}
        for each in packages
    ]


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, lock in LOCKS.items():
        (FOLDER / f"{name}.cdx.json").write_text(sbom_text(lock), encoding="utf-8")


if __name__ == "__main__":
    main()
