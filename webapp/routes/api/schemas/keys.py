"""What the API gives for keys. The secret is in no answer."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from webapp.models import KeyVersion, Status
from webapp.services.keys import KeyDetail, Match


class VersionOut(BaseModel):
    """`stage` is AWSCURRENT, AWSPREVIOUS, empty, or pending until AWS says that it is stored."""

    id: str
    stage: str
    fingerprint: str
    claims: dict[str, Any]
    created_at: datetime


def version_out(version: KeyVersion) -> VersionOut:
    return VersionOut(**version.model_dump())


class KeyOut(BaseModel):
    """`kind` says where the key is sent; `sent_as` is the name of its header or query parameter.

    `same_secret`: the other keys with the same fingerprint. `functions`: the first 50 by name; with
    `more_functions`, `/functions?key=` has them all.
    """

    name: str
    account: str
    status: Status
    kind: str
    sent_as: str
    environment: str
    note: str
    fingerprint: str
    claims: dict[str, Any]
    versions: list[VersionOut]
    functions: list[str]
    more_functions: bool
    same_secret: list[str]
    created_at: datetime


def key_out(detail: KeyDetail) -> KeyOut:
    key = detail.key
    return KeyOut(
        name=key.name,
        account=key.account_name,
        status=key.status,
        kind=detail.kind.name,
        sent_as=key.sent_as,
        environment=key.environment,
        note=key.note,
        fingerprint=key.fingerprint,
        claims=key.claims,
        versions=[version_out(version) for version in detail.versions],
        functions=[function.name for function in detail.functions],
        more_functions=detail.functions.more,
        same_secret=detail.same_secret,
        created_at=key.created_at,
    )


class MatchOut(BaseModel):
    """`paste` is the exact text for the partner's portal: what the network and the key's functions
    need. `others`: the networks of those functions. `unknown`: the key does not say which addresses
    it allows, so only a call can show it."""

    network: str
    ok: bool
    unknown: bool
    allowed: list[str]
    missing: list[str]
    paste: str
    others: list[str]


def match_out(match: Match) -> MatchOut:
    return MatchOut(
        network=match.network.name,
        ok=match.ok,
        unknown=match.unknown,
        allowed=match.allowed,
        missing=match.missing,
        paste=match.paste,
        others=match.others,
    )
