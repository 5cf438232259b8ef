"""What the API gives for keys. The secret is in no answer."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from webapp.models import KeyVersion
from webapp.services.keys import KeyDetail, Match


class VersionOut(BaseModel):
    id: str
    stage: str
    created_at: datetime


def version_out(version: KeyVersion) -> VersionOut:
    return VersionOut(**version.model_dump())


class KeyOut(BaseModel):
    name: str
    environment: str
    note: str
    fingerprint: str
    claims: dict[str, Any]
    versions: list[VersionOut]
    functions: list[str]
    created_at: datetime


def key_out(detail: KeyDetail) -> KeyOut:
    key = detail.key
    return KeyOut(
        name=key.name,
        environment=key.environment,
        note=key.note,
        fingerprint=key.fingerprint,
        claims=key.claims,
        versions=[version_out(version) for version in detail.versions],
        functions=[function.name for function in detail.functions],
        created_at=key.created_at,
    )


class MatchOut(BaseModel):
    """`paste` is the exact text for the partner's portal."""

    network: str
    ok: bool
    allowed: list[str]
    missing: list[str]
    paste: str


def match_out(match: Match) -> MatchOut:
    return MatchOut(
        network=match.network.name,
        ok=match.ok,
        allowed=match.allowed,
        missing=match.missing,
        paste=match.paste,
    )
