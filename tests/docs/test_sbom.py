"""The SBOM is valid CycloneDX 1.6, complete, and the same for the same packages."""

import json
from pathlib import Path
from typing import Any

import cyclonedx.schema
import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from docs.make_sbom import LOCKS, sbom_text
from docs.packages import locked
from tests.fast import thorough

pytestmark = thorough("every package is read")

SCHEMAS = Path(cyclonedx.schema.__file__).parent / "_res"
NAMES = ("bom-1.6", "spdx", "jsf-0.82")


def validator() -> Draft7Validator:
    """CycloneDX's own schema, with the two that it refers to."""
    bom, *others = [
        json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))
        for name in NAMES
    ]
    resources = [(other["$id"], Resource.from_contents(other)) for other in others]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft7Validator(bom, registry=registry)


@pytest.fixture(scope="module", params=LOCKS)
def sbom(request: pytest.FixtureRequest) -> dict[str, Any]:
    lock = LOCKS[request.param]
    text = sbom_text(lock)
    assert text == sbom_text(lock)
    read: dict[str, Any] = json.loads(text)
    assert {part["name"]: part["version"] for part in read["components"]} == locked(lock)
    return read


def test_it_is_valid(sbom: dict[str, Any]) -> None:
    assert not [error.message for error in validator().iter_errors(sbom)]


def test_all_that_is_in_it_is_needed_by_egret(sbom: dict[str, Any]) -> None:
    needs = {each["ref"]: each["dependsOn"] for each in sbom["dependencies"]}
    egret = sbom["metadata"]["component"]["bom-ref"]
    reached, ahead = {egret}, [*needs[egret]]
    while ahead:
        ref = ahead.pop()
        if ref not in reached:
            reached.add(ref)
            ahead += needs[ref]
    assert reached - {egret} == {part["bom-ref"] for part in sbom["components"]}
