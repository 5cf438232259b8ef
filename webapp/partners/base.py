"""What every partner's adapter provides, and the values that it answers with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from webapp.errors import Invalid

NO_SETTINGS: Mapping[str, Any] = {}
REFUSED_BEFORE_KEY = "refused_before_key"
"""The code of an Explanation: what is in front of the partner refused, whatever the key."""


@dataclass(frozen=True)
class KeyClaims:
    """What a key says about itself. Only the partner can check its signature, so nothing is proven.

    `issued_at` is in ISO 8601, or empty.
    """

    kind: str
    scopes: tuple[str, ...]
    cidrs: tuple[str, ...]
    tier: str
    issued_at: str

    def as_json(self) -> dict[str, Any]:
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


@dataclass(frozen=True)
class Explanation:
    """A partner's error for people. `source_address` is the one that the partner named, if any.

    `about_key`: the partner has read the key and refused it.
    """

    code: str
    title: str
    detail: str
    what_to_do: str
    source_address: str | None = None
    retry_after_s: int | None = None
    about_key: bool = False


class RefusedKey(Invalid):
    """A text that cannot be a key for this partner; says what it is instead and what to do."""

    title = "This key cannot be used"
    default_code = "refused_key"

    def __init__(self, detail: str, remedy: str, *, code: str) -> None:
        super().__init__(detail, code=code, remedy=remedy, errors={"secret": f"{detail} {remedy}"})


class Partner(Protocol):
    """`portal_url` is where people make keys, at most so many in one account; '' and 0 if that is
    not known. `keys_name_addresses`: whether a key says which addresses it allows. `tables`, in
    templates/functions/previews, can show its rows.
    """

    @property
    def portal_url(self) -> str: ...

    @property
    def keys_per_account(self) -> int: ...

    @property
    def keys_name_addresses(self) -> bool: ...

    @property
    def tables(self) -> tuple[str, ...]: ...

    def normalise(self, secret: str) -> str:
        """The key without what was pasted with it: blanks, quotes, `Bearer `, `NAME=`, JSON."""

    def claims(self, secret: str) -> KeyClaims:
        """What a normalised key says about itself. Raises RefusedKey."""

    def explain(self, status: int, headers: Mapping[str, str], body: bytes) -> Explanation:
        """What a response other than 200 means, and what to do about it.

        `headers` has the address that the call came from as `x-egress-ip`.
        """

    def problems_of(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """What in a template's settings does not fit together, by the path of the setting.

        `settings` has all that the template has, None for what is not chosen.
        """

    def rows(self, body: bytes, settings: Mapping[str, Any] = NO_SETTINGS) -> Sequence[object]:
        """The rows of a successful response to a function with those settings, for its preview."""
