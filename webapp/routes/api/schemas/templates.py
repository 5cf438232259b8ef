"""What the API gives of templates, and of folders that are not valid ones."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from webapp.routes.api.schemas.lists import Listed
from webapp.services.functions.catalogue.faults import Fault
from webapp.services.functions.catalogue.template import Template

Choice = Annotated[list[str], Field(min_length=2, max_length=2)]
"""A value and its label."""


class SettingOut(BaseModel):
    """A setting in short; `settings_schema` of its template has all that there is about it."""

    name: str
    label: str
    help: str
    type: str
    default: Any
    minimum: int | float | None
    maximum: int | float | None
    choices: list[Choice]
    required: bool


class BoundsOut(BaseModel):
    default: int
    minimum: int
    maximum: int


class CacheOut(BaseModel):
    default_s: int
    max_s: int


class TemplateOut(BaseModel):
    """`origin` says where it calls, or `origin_setting` which setting has the address.

    `settings_schema` is JSON Schema 2020-12. `user_made`: it is from EGRET_TEMPLATES_DIR.
    """

    name: str
    title: str
    summary: str
    settings: list[SettingOut]
    settings_schema: dict[str, Any]
    version: str
    partner: str
    origin: str
    origin_setting: str
    key_kinds: list[str]
    image_hosts: list[str]
    preview: str
    memory_mb: BoundsOut
    timeout_s: BoundsOut
    methods: list[str]
    subpaths: bool
    cache: CacheOut
    user_made: bool


class FaultOut(BaseModel):
    """What is wrong with a folder of EGRET_TEMPLATES_DIR, why, and what to do."""

    folder: str
    file: str
    line: int | None
    code: str
    what: str
    why: str
    remedy: str


class TemplateList(Listed[TemplateOut]):
    """`faults` are those of folders that are not valid templates, on every page of the list."""

    faults: list[FaultOut]


def template_out(template: Template) -> TemplateOut:
    return TemplateOut(
        name=template.name,
        title=template.title,
        summary=template.summary,
        settings=[SettingOut.model_validate(s, from_attributes=True) for s in template.settings],
        settings_schema=template.settings_schema,
        version=template.version,
        partner=template.partner,
        origin=template.partner_origin,
        origin_setting=template.origin_setting,
        key_kinds=list(template.key_kinds),
        image_hosts=list(template.image_hosts),
        preview=template.preview,
        memory_mb=BoundsOut.model_validate(template.memory, from_attributes=True),
        timeout_s=BoundsOut.model_validate(template.timeout, from_attributes=True),
        methods=list(template.methods),
        subpaths=template.subpaths,
        cache=CacheOut.model_validate(template.cache, from_attributes=True),
        user_made=template.is_own,
    )


def fault_out(fault: Fault) -> FaultOut:
    return FaultOut.model_validate(fault, from_attributes=True)
