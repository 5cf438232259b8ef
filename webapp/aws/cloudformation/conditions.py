"""Which resources a template makes, by evaluating its conditions as CloudFormation does.

Knows only what Egret's own templates use in conditions: Ref, Equals, Not, And, Or, Condition.
"""

from functools import lru_cache
from typing import Any

TEMPLATES_CACHED = 16
"""A network's template takes 3 ms to parse, and is the same for all networks."""


@lru_cache(TEMPLATES_CACHED)
def parse(body: str) -> dict[str, Any]:
    """The template as plain data, with short tags in their long form. Cached: do not change it."""
    import yaml

    safe: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

    class Loader(safe):  # type: ignore[misc]  # which of them is known when it runs
        """YAML with CloudFormation's short tags: `!Ref x` becomes `{"Ref": x}`."""

    def tagged(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
        if isinstance(node, yaml.ScalarNode):
            return {suffix: loader.construct_scalar(node)}
        if isinstance(node, yaml.SequenceNode):
            return {suffix: loader.construct_sequence(node, deep=True)}
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML has no fourth kind
        return {suffix: loader.construct_mapping(node, deep=True)}

    Loader.add_multi_constructor("!", tagged)
    parsed: dict[str, Any] = yaml.load(body, Loader)  # noqa: S506 - a SafeLoader
    return parsed


def resources(body: str, parameters: dict[str, str]) -> dict[str, str]:
    """The resources that the template makes with these parameters: logical id → type."""
    template = parse(body)
    defaults = {
        name: str(parameter.get("Default", ""))
        for name, parameter in template.get("Parameters", {}).items()
    }
    conditions = _Conditions(template.get("Conditions", {}), defaults | parameters)
    return {
        logical_id: resource["Type"]
        for logical_id, resource in template["Resources"].items()
        if "Condition" not in resource or conditions.holds(resource["Condition"])
    }


class _Conditions:
    def __init__(self, conditions: dict[str, Any], parameters: dict[str, str]) -> None:
        self._conditions, self._parameters = conditions, parameters

    def holds(self, name: str) -> bool:
        return self._evaluate(self._conditions[name])

    def _evaluate(self, expression: dict[str, Any]) -> bool:
        ((function, arguments),) = expression.items()
        match function:
            case "Equals":
                return self._value(arguments[0]) == self._value(arguments[1])
            case "Not":
                return not self._evaluate(arguments[0])
            case "And":
                return all(self._evaluate(argument) for argument in arguments)
            case "Or":
                return any(self._evaluate(argument) for argument in arguments)
            case "Condition":
                return self.holds(arguments)
        raise ValueError(f"Conditions with {function} are not supported")

    def _value(self, operand: Any) -> str:
        return self._parameters[operand["Ref"]] if isinstance(operand, dict) else str(operand)
