"""What an adapter for a partner must be able to say."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from webapp.errors import Invalid
from webapp.partners.cache_control import Explanation


@dataclass(frozen=True)
class KeyClaims:
    """What a key says of itself. Its signature cannot be checked by us: all of it is claimed."""

    kind: str
    scopes: tuple[str, ...]
    cidrs: tuple[str, ...]
    tier: str
    issued_at: str

    def as_json(self) -> dict[str, Any]:
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


class RefusedKey(Invalid):
    """A text that cannot be the key that is wanted; says which it is and what to do."""

    title = "This key cannot be used"
    default_code = "refused_key"

    def __init__(self, detail: str, remedy: str, *, code: str) -> None:
        super().__init__(detail, code=code, remedy=remedy, errors={"secret": f"{detail} {remedy}"})


class Partner(Protocol):
    """`portal_url` is where people make keys."""

    portal_url: str

    def normalise(self, secret: str) -> str:
        """The key without what is pasted around it: spaces, quotes, `Bearer `."""

    def claims(self, secret: str) -> KeyClaims:
        """What the key says of itself. Raises RefusedKey."""

    def explain(self, status: int, headers: Mapping[str, str], body: bytes) -> Explanation:
        """What an answer that is not a success means, and what to do."""

    def rows(self, body: bytes) -> Sequence[object]:
        """The rows of a successful answer, for the template's preview."""
