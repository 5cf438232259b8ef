"""The public link of a whitelist, as hot answers: as JSON, and as one address per line."""

import json
from collections.abc import Hashable
from email.utils import format_datetime

from sqlmodel import Session

from webapp.edge.foreign import SANDBOX_POLICY
from webapp.hot.cache import Source
from webapp.hot.encodings import Encoded
from webapp.hot.prepared import Prepared, etag_of
from webapp.services import whitelists
from webapp.services.whitelists import Kit

MAX_AGE_S = 300
STALE_S = 300
"""How long a cache may answer with an older one while it asks for the new one (RFC 5861)."""


def _version(session: Session, link: str) -> Hashable:
    kit = whitelists.published(session, link)
    return tuple(kit.addresses), kit.last_update


def _json(session: Session, link: str, *, in_browser: bool) -> Prepared:  # noqa: ARG001 - public
    kit = whitelists.published(session, link)
    return _prepared(kit, json.dumps(kit.published), "application/json")


def _text(session: Session, link: str, *, in_browser: bool) -> Prepared:  # noqa: ARG001 - public
    kit = whitelists.published(session, link)
    return _prepared(kit, f"{kit.plain}\n", "text/plain")


def _prepared(kit: Kit, text: str, media_type: str) -> Prepared:
    headers = {
        "Cache-Control": f"public, max-age={MAX_AGE_S}, stale-while-revalidate={STALE_S}",
        "Last-Modified": format_datetime(kit.last_update, usegmt=True),
        "Content-Security-Policy": SANDBOX_POLICY,
    }
    body = text.encode()
    return Prepared(Encoded(body), etag_of(body), media_type, headers)


JSON = Source("pages.whitelists.published", _version, _json, is_public=True)
TEXT = Source("pages.whitelists.published_text", _version, _text, is_public=True)
