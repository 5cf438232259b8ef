"""Templates are parsed by libyaml, and each once: ministack does it in Python, at each update of a
stack, which takes longer than making what is in them."""

from copy import deepcopy
from functools import lru_cache
from typing import Any

import yaml
from ministack.services.cloudformation import engine

TEMPLATES_KEPT = 64


def install() -> None:
    """Where PyYAML was built without libyaml, ministack's own way stays."""
    if yaml.__with_libyaml__:
        engine.CfnLoader = FastLoader


class FastLoader:
    """What PyYAML needs of a loader. Each caller gets an object of its own."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_single_data(self) -> Any:
        return deepcopy(_parsed(self._text))

    def dispose(self) -> None:
        """Nothing is left to be closed."""


class _Parser(yaml.CSafeLoader):
    """With the short forms of CloudFormation's functions, such as `!Ref`."""

    yaml_constructors = engine.CfnLoader.yaml_constructors


@lru_cache(TEMPLATES_KEPT)
def _parsed(text: str) -> Any:
    loader = _Parser(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
