"""Where an endpoint answers: the stage and the path in its URL, which are chosen once.

The rules are API Gateway's: of a stage's name, of the parts of a resource's path, and of the two
paths that it keeps for its own health checks.
"""

import re

from webapp.errors import Invalid
from webapp.models.rules import STAGE, STAGE_MAX_CHARS

PATH_MAX_PARTS = 10
PATH_MAX_CHARS = 255
RESERVED = frozenset({"ping", "sping"})
_PART = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*")


def check_stage(stage: str) -> str:
    """The stage itself, or Invalid with the rule."""
    if not re.fullmatch(STAGE, stage):
        raise Invalid(
            f"A stage has 1 to {STAGE_MAX_CHARS} letters, digits, dashes and underscores, such as "
            "prod.",
            field="stage",
        )
    return stage


def normalised_path(path: str) -> str:
    """The path without a slash before and after it; '' for none. Raises Invalid."""
    plain = path.strip().removeprefix("/").removesuffix("/")
    parts = plain.split("/") if plain else []
    if len(plain) > PATH_MAX_CHARS or len(parts) > PATH_MAX_PARTS:
        raise Invalid(
            f"A path has at most {PATH_MAX_PARTS} parts and {PATH_MAX_CHARS} characters.",
            field="path",
        )
    if not all(_PART.fullmatch(part) for part in parts):
        raise Invalid(
            "Parts of a path are letters, digits, dots, dashes and underscores, with one slash "
            "between two, such as rankings/top10.",
            field="path",
        )
    if parts[:1] and parts[0] in RESERVED:
        raise Invalid(f"API Gateway keeps /{parts[0]} for itself. Choose another.", field="path")
    return plain
