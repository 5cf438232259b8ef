"""The settings as an admin may read them: without the passwords that may be in addresses."""

import json
import re
from dataclasses import dataclass

from webapp.settings import Settings

HIDDEN = "…"
_USER_INFO = re.compile(r"(://[^/?#:@]*):.*@", re.DOTALL)
"""Up to the last @: a password may have one, or any other character, that is not escaped."""
_QUERY = re.compile(r"([?&][^=&]+)=[^&]+")


@dataclass(frozen=True)
class ShownSetting:
    variable: str
    value: str
    description: str
    is_set: bool
    """By the environment; otherwise it has its default."""


def shown(settings: Settings) -> list[ShownSetting]:
    """All of them, in the order of the README's table."""
    return [
        ShownSetting(
            variable=f"EGRET_{name.upper()}",
            value=masked(getattr(settings, name)) if field.repr else _hidden(settings, name),
            description=field.description or "",
            is_set=name in settings.model_fields_set,
        )
        for name, field in Settings.model_fields.items()
    ]


def _hidden(settings: Settings, name: str) -> str:
    """Of a secret only whether there is one."""
    return HIDDEN if getattr(settings, name) else ""


def masked(value: object) -> str:
    """As text, with each password and each value in the query of an address hidden."""
    if isinstance(value, dict):
        pairs = {key: masked(each) for key, each in value.items()}
        return json.dumps(pairs, ensure_ascii=False) if pairs else ""
    return _QUERY.sub(rf"\1={HIDDEN}", _USER_INFO.sub(rf"\1:{HIDDEN}@", str(value)))
