"""The tags by which Egret finds again what it made, and how AWS writes tags."""

from typing import Any

ADDRESS_TAG = "egret:address"
"""The id of an address's row."""
KEY_TAG = "egret:key"
"""On a secret: the name of its key."""
CALLER_TAG = "egret:caller"
"""On the API key and the usage plan of a caller: the id of its row."""
NETWORK_TAG, FUNCTION_TAG = "egret:network", "egret:function"
"""On a stack and all it makes: the name of its network or function."""
MANAGED_TAG = "egret:managed"
"""`true` on everything that Egret makes."""
PREFIX_TAG = "egret:prefix"
"""Tells one dashboard's addresses from those of another dashboard in the same account."""
NAME_TAG = "Name"
"""What AWS's console shows as the name."""
STACK_NAME_TAG = "aws:cloudformation:stack-name"
"""Written by CloudFormation on most of what a stack makes."""


def tag_list(tags: dict[str, str]) -> list[Any]:
    """Tags as AWS takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_of(described: Any) -> dict[str, str]:
    """The tags of something that AWS described. Network interfaces call them `TagSet`."""
    listed = described.get("Tags") or described.get("TagSet") or []
    return {tag["Key"]: tag["Value"] for tag in listed}
