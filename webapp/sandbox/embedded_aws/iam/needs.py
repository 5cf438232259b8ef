"""A permission that something needs: an action on a resource, with what conditions may ask for."""

from dataclasses import dataclass, field
from typing import Any

Context = dict[str, Any]


@dataclass(frozen=True)
class Need:
    """`context` has condition keys as AWS writes them. `region` is where it happens."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    region: str = ""


def request_tags(tags: dict[str, str]) -> Context:
    """What conditions know of the tags that a request sets."""
    if not tags:
        return {}
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | {
        "aws:TagKeys": [*tags]
    }
