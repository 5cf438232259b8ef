"""What a function is made from, as its folder describes it. `docs/templates.md` explains the files.

A template that is gone while functions use it is `missing`: their pages still work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from webapp.partners import GENERIC
from webapp.services.functions.catalogue.files import Package
from webapp.services.functions.catalogue.rules import Schema
from webapp.services.functions.catalogue.settings import Setting, readable, schema_of

CACHE_DEFAULT_S = 60
CACHE_MAX_S = 7 * 86_400
NO_PREVIEW = "none"


@dataclass(frozen=True)
class Bounds:
    """What a function has unless another number is chosen, and the limits of those."""

    default: int
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Cache:
    """How many seconds an answer is good for: if the partner does not say, and at most.

    With a maximum of 0 nothing is cached.
    """

    default_s: int = CACHE_DEFAULT_S
    max_s: int = CACHE_MAX_S


@dataclass(frozen=True)
class Template:
    """`partner_origin` is where the handler calls; it is empty if `origin_setting` names the
    setting whose URL says so. `image_hosts` are those whose pictures may be shown.

    `key_kinds` are the kinds of key that it can send; none means any. `preview` is the table that
    its answers are shown in. `methods` and `subpaths` say what its endpoint accepts. `handler` is
    the assembled source, and `package` what is deployed beside it.
    """

    name: str
    title: str
    summary: str
    version: str
    partner: str
    partner_origin: str
    origin_setting: str
    key_kinds: tuple[str, ...]
    image_hosts: tuple[str, ...]
    preview: str
    memory: Bounds
    timeout: Bounds
    methods: tuple[str, ...]
    subpaths: bool
    cache: Cache
    settings: tuple[Setting, ...]
    handler: str = field(repr=False)
    readme: str = field(default="", repr=False)
    package: Package | None = None
    is_own: bool = False
    is_missing: bool = False

    @property
    def memory_mb(self) -> int:
        return self.memory.default

    @property
    def timeout_s(self) -> int:
        return self.timeout.default

    @property
    def settings_schema(self) -> dict[str, Any]:
        return schema_of(self.settings)

    @property
    def origin_label(self) -> str:
        """The label of the setting that says where it calls."""
        return next((s.label for s in self.settings if s.name == self.origin_setting), "")

    def shown(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The label of each setting, and its value for people. One that came after the function was
        made has its default; values of settings that the template no longer has come last."""
        known = {s.name for s in self.settings}
        mine = [(s.label, s.schema, values.get(s.name, s.default)) for s in self.settings]
        gone: list[tuple[str, Schema, Any]] = [
            (n, {}, v) for n, v in values.items() if n not in known
        ]
        return [(label, readable(schema, value)) for label, schema, value in mine + gone]

    def origin(self, settings: Mapping[str, Any]) -> str:
        """Where a function with these settings calls, such as https://api.example.com."""
        if not self.origin_setting:
            return self.partner_origin
        return f"https://{urlsplit(str(settings.get(self.origin_setting, ''))).hostname or ''}"


def missing(name: str) -> Template:
    """What is known of a template whose folder is gone, for the pages of its functions."""
    return Template(
        name=name,
        title=name,
        summary="",
        version="",
        partner=GENERIC,
        partner_origin="",
        origin_setting="",
        key_kinds=(),
        image_hosts=(),
        preview=NO_PREVIEW,
        memory=Bounds(0, 0, 0),
        timeout=Bounds(0, 0, 0),
        methods=(),
        subpaths=False,
        cache=Cache(),
        settings=(),
        handler="",
        is_missing=True,
    )
