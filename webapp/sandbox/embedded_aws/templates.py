"""Templates are parsed by libyaml: in Python that takes longer than making what is in them."""

import yaml
from ministack.services.cloudformation import engine


def install() -> None:
    """Where PyYAML was built without libyaml, ministack's own way stays."""
    if yaml.__with_libyaml__:
        engine.CfnLoader = FastLoader


class FastLoader(yaml.CSafeLoader):
    """With the short forms of CloudFormation's functions, such as `!Ref`."""

    yaml_constructors = engine.CfnLoader.yaml_constructors
