"""A draft: a form that was sent and not accepted yet, as the address of the page that shows it.

The page fills itself in from its query. So a form outlives the end of a session, and the answer to
a POST has an address that can be reloaded. Only the fields named here are kept: a secret, a
password or a typed confirmation is in no address and no row, and has to be typed again.

A proxy refuses a long address. What is over `QUERY_MAX_CHARS` is kept in the database for a day;
the address has its random token. Anyone may send a form, so only the newest `DRAFTS_MAX` are kept.
"""

import hashlib
import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, delete, select
from starlette.datastructures import FormData, ImmutableMultiDict

from webapp.db import end_transactions
from webapp.deps import WhoAsks, parts_of
from webapp.models import Input, KeptDraft, NewCaller, NewFunction, NewKey, NewNetwork, utc_now
from webapp.rendering.forms import SubmittedForm, shown_fields

QUERY_MAX_CHARS = 1_500
"""Encoded again in the address of the sign-in page, it still fits into nginx's 4 KiB of headers."""
KEPT_FOR = timedelta(days=1)
DRAFTS_MAX = 500
TOKEN = "draft"  # noqa: S105 - the name of a field
TOKEN_BYTES = 16
INPUTS: dict[str, type[Input]] = {"networks": NewNetwork, "keys": NewKey, "functions": NewFunction}
PAGES = (
    *("accounts", "addresses", "orphans", "people", "tokens", "account"),
    *("setup", "sign-in", "confirm-identity", "choose-password"),
)
"""Pages with forms of their own, wherever below them those are sent."""
PAGES_WITH_FORMS = {
    "networks": {"whitelist": "whitelist", "drift": "drift", "schedule": "schedule"},
    "functions": {
        "edit": "edit",
        "revisions": "revisions",
        "callers": "callers",
        "console": "console",
        "saved-requests": "console",
    },
}
"""Pages below one network or function, by where their forms are sent."""
OF_ACCESS = {
    "setup": ("token", "name"),  # the token came in an address, and is good for once
    "choose-password": ("token",),
    "sign-in": ("next",),
    "confirm-identity": ("next",),
    "people": ("name", "role"),
    "accounts": ("name", "number"),
    "tokens": ("name", "role", "scopes", "expires_in_days"),
}
"""What is kept of forms about who may sign in, and where Egret may act."""
log = logging.getLogger("egret.drafts")
EDITED = (
    *("network", "key", "settings", "access", "cors_origins", "environment"),
    *("memory_mb", "timeout_s", "every_minutes"),
)
SCHEDULE = ("weekly", "days", "start", "end", "time_zone", "idle_hours")


def page_of(path: str) -> str:
    """The page that shows the form which is sent to `path`, or its button."""
    match path.strip("/").split("/"):
        case [("networks" | "keys" | "functions") as noun]:
            return f"/{noun}/new"
        case [("networks" | "functions") as noun, name, part, *_] if part in PAGES_WITH_FORMS[noun]:
            return f"/{noun}/{quote(name)}/{PAGES_WITH_FORMS[noun][part]}"
        case [("networks" | "keys" | "functions") as noun, name, *_]:
            return f"/{noun}/{quote(name)}"
        case (
            ["accounts" | "people", _, *_] | ["account", "second-factor", *_] | ["sign-in", "code"]
        ) as parts:
            return "/" + "/".join(map(quote, parts[:2]))
        case [noun, *_] if noun in PAGES:
            return f"/{noun}"
        case _:
            return "/"


def draft_url(engine: Engine, path: str, form: FormData) -> str:
    """The address of the form's page with what was typed.

    A long form is written to the database; what this thread has not committed is undone first. If
    that fails, the form is lost: the answer, which may be about that failure, is not.
    """
    kept = [(name, text) for name, text in _kept(path, form) if isinstance(text, str) and text]
    query = urlencode(kept)
    if len(query) > QUERY_MAX_CHARS:
        try:
            query = urlencode({TOKEN: _keep(engine, page_of(path), kept)})
        except SQLAlchemyError as error:
            log.warning("a form is not kept: %s", getattr(error, "orig", None) or error)
            return page_of(path)
    return f"{page_of(path)}?{query}" if query else page_of(path)


def read_query(request: Request) -> SubmittedForm:
    """What an address says of its page's form."""
    return SubmittedForm(request.query_params)


def read_draft(request: Request, _who: WhoAsks) -> SubmittedForm:
    """The same, or the draft in the database that the address names."""
    token = request.query_params.get(TOKEN)
    if not token:
        return read_query(request)
    with Session(parts_of(request).engine) as session:
        row = session.get(KeptDraft, _hash(token))
        shown = row and row.path == request.url.path and row.created_at > utc_now() - KEPT_FOR
        fields = [(name, text) for name, text in row.fields] if row and shown else []
    return SubmittedForm(ImmutableMultiDict(fields))


Draft = Annotated[SubmittedForm, Depends(read_draft)]
Query = Annotated[SubmittedForm, Depends(read_query)]


def _keep(engine: Engine, path: str, kept: list[tuple[str, str]]) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    end_transactions()
    with Session(engine) as session:
        fields = [[name, text] for name, text in kept]
        session.add(KeptDraft(token_hash=_hash(token), path=path, fields=fields))
        newest = select(KeptDraft.token_hash).order_by(col(KeptDraft.created_at).desc())
        forgotten = (col(KeptDraft.created_at) < utc_now() - KEPT_FOR) | col(
            KeptDraft.token_hash
        ).not_in(newest.limit(DRAFTS_MAX))
        session.flush()
        session.connection().execute(delete(KeptDraft).where(forgotten))
        session.commit()
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _kept(path: str, form: FormData) -> Iterable[tuple[str, object]]:
    names: Iterable[str] = ()
    match path.strip("/").split("/"):
        case [("networks" | "keys" | "functions") as noun]:
            names = shown_fields(INPUTS[noun])
        case ["networks", "preflight"]:
            names = shown_fields(NewNetwork)
        case ["networks", _, "schedule"]:
            names = SCHEDULE
        case ["networks", _, "whitelist", "partners"]:
            names = ("partner", "function")
        case ["functions", _, ("console" | "saved-requests")]:
            yield "method", form.get("method")  # the rest may hold a secret, a query too
            yield "path", str(form.get("path", "")).partition("?")[0]
        case ["functions", _, "edit", *_]:
            names = EDITED
        case ["functions", _, "callers"]:
            names = shown_fields(NewCaller)
        case ["addresses", *rest]:
            if rest[-1:] == ["name"]:
                yield "address", rest[0]
            names = ("region", "adopt", "name")
        case [noun]:
            names = OF_ACCESS.get(noun, ())
    for name, text in form.multi_items():
        if name.partition(".")[0] in names:
            yield name, text
