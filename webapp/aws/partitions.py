"""AWS's partitions: apart from each other, with host names, ARNs and consoles of their own.

botocore knows which partition a region belongs to and how its host names end; the addresses of the
consoles it does not. Service principals (`lambda.amazonaws.com`) are the same in all partitions.
"""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import botocore

STANDARD = "aws"
NO_REGION = "-global"
"""How botocore ends the names of what it lists as a region and is none, such as `aws-global`."""
CONSOLES = {
    STANDARD: "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-eusc": "console.amazonaws-eusc.eu",
}


def partition(region: str) -> str:
    """How the region's ARNs begin after `arn:`, such as `aws-cn`; `aws` for one not known yet."""
    return str(_partition(region)["id"])


def dns_suffix(region: str) -> str:
    """How the names of the region's services end: `amazonaws.com`, `amazonaws.com.cn`."""
    return str(_partition(region)["outputs"]["dnsSuffix"])


def regions() -> dict[str, str]:
    """The regions of all partitions, each with its place: `eu-central-1` → `Europe (Frankfurt)`."""
    return {
        region: str(about.get("description", ""))
        for partition in _partitions()
        for region, about in partition["regions"].items()
        if not region.endswith(NO_REGION)
    }


def known() -> list[str]:
    """The partitions that botocore knows."""
    return [str(each["id"]) for each in _partitions()]


def dns_suffix_of(partition: str) -> str:
    """How the names of the partition's services end. Raises StopIteration for an unknown one."""
    return str(next(p for p in _partitions() if p["id"] == partition)["outputs"]["dnsSuffix"])


def console_url(region: str) -> str:
    """The address of the region's console, without a path."""
    return f"https://{region}.{CONSOLES.get(partition(region), CONSOLES[STANDARD])}"


def _partition(region: str) -> Any:
    known = _partitions()
    matching = (p for p in known if region in p["regions"] or re.match(p["regionRegex"], region))
    return next(matching, None) or next(p for p in known if p["id"] == STANDARD)


@lru_cache(1)
def _partitions() -> Any:
    """Read without botocore's loader: importing that takes as long as a quarter of the start."""
    file = Path(botocore.__file__).parent / "data" / "partitions.json"
    return json.loads(file.read_text())["partitions"]
