"""Folders of templates, as a user writes them."""

from pathlib import Path

HANDLER = 'def handler(event, context):\n    return {"statusCode": 200, "body": "{}"}\n'
DESCRIPTION = """
title = "Items"
summary = "The items of a shop."
version = "1.0"
partner = "clash_of_clans"
partner_origin = "https://api.example.com"
"""
ALL_TYPES = """
[settings]
required = ["url", "limit"]
[settings.properties.url]
type = "string"
format = "uri-template"
title = "Address"
description = "Where it calls."
[settings.properties.limit]
type = "integer"
minimum = 1
maximum = 20
default = 10
[settings.properties.share]
type = "number"
maximum = 1
[settings.properties.word]
type = "string"
pattern = '^[a-z\\-]+$'
maxLength = 8
examples = ["top-ten"]
[settings.properties.host]
type = "string"
format = "hostname"
[settings.properties.strict]
type = "boolean"
default = true
[settings.properties.order]
type = "string"
enum = ["up", "down"]
default = "up"
[settings.properties.methods]
type = "array"
uniqueItems = true
minItems = 1
default = ["GET"]
items = {type = "string", enum = ["GET", "POST"]}
[settings.properties.paths]
type = "array"
maxItems = 3
items = {type = "string", pattern = "^/[a-z/]*$"}
[settings.properties.parameters]
type = "array"
maxItems = 4
description = "What a caller may set."
[settings.properties.parameters.items]
type = "object"
required = ["name"]
[settings.properties.parameters.items.properties.name]
type = "string"
pattern = "^[a-z]+$"
[settings.properties.parameters.items.properties.pattern]
type = "string"
format = "regex"
[settings.properties.parameters.items.properties.needed]
type = "boolean"
[settings.properties.page]
type = "object"
[settings.properties.page.properties.size]
type = "integer"
minimum = 1
"""


def write_template(
    root: Path, name: str = "items", *, description: str = DESCRIPTION, handler: str = HANDLER
) -> Path:
    """A folder with a template that is right, unless told otherwise."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    named = description if "name = " in description.partition("[")[0] else f'name = "{name}"'
    whole = named if named == description else f"{named}\n{description}"
    (folder / "template.toml").write_text(whole)
    (folder / "handler.py").write_text(handler)
    return folder
