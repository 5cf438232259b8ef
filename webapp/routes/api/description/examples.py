"""An example of each body, made from its schema.

A field's example is the one that `values` has for its name, the same in every body, so that the
examples tell one story; else what the schema itself gives: its example, its first choice, its
default, or the least that it allows.
"""

from typing import Any

from webapp.routes.api.description.values import PARAMETERS, VALUES

BY_TYPE: dict[str, Any] = {"boolean": False, "string": "", "null": None, "number": 0}
BY_FORMAT = {"date-time": "2026-11-25T12:00:00Z", "date": "2026-11-25"}
REF = "#/components/schemas/"


class Examples:
    """`schemas` are the components that references lead to."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas

    def of(self, schema: dict[str, Any], owner: str = "") -> Any:
        """`owner` is the name of the component that the schema is."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(REF)
            return self.of(self._schemas[name], name)
        if "examples" in schema:
            return schema["examples"][0]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema:
            return self.of(schema["anyOf"][0], owner)
        return self._of_type(schema, owner)

    def of_parameter(self, parameter: dict[str, Any]) -> Any:
        name = parameter["name"]
        return PARAMETERS.get(name, self._of_field("", name, parameter["schema"]))

    def _of_type(self, schema: dict[str, Any], owner: str) -> Any:
        kind = schema.get("type", "object")
        if kind == "object":
            fields = schema.get("properties", {}).items()
            return {name: self._of_field(owner, name, about) for name, about in fields}
        if kind == "array":
            if "prefixItems" in schema:
                return [self.of(item) for item in schema["prefixItems"]]
            item = self.of(schema["items"])
            return [item] if item else []
        if kind == "integer":
            return schema.get("minimum", 0)
        return BY_FORMAT.get(schema.get("format", ""), BY_TYPE[kind])

    def _of_field(self, owner: str, name: str, schema: dict[str, Any]) -> Any:
        known = VALUES.get(f"{owner}.{name}", VALUES.get(name, ...))
        if known is not ...:
            return known
        if "default" in schema:
            return schema["default"]
        return self.of(schema)
