"""What a function has fetched, as hot answers: the body itself, and its table."""

from collections.abc import Hashable
from email.utils import format_datetime

from sqlmodel import Session

from webapp.edge import foreign
from webapp.edge.middleware import NO_STORE
from webapp.hot.cache import Source
from webapp.hot.encodings import Encoded
from webapp.hot.prepared import Prepared, etag_of
from webapp.partners import partner
from webapp.partners.untrusted_json import ROWS_MAX
from webapp.rendering.paging import page_of
from webapp.rendering.templating import render
from webapp.services import functions
from webapp.services.functions import previews
from webapp.services.functions.catalogue.templates import template_of


def _version(session: Session, name: str, *_: int) -> Hashable:
    return previews.cached_version(session, name)


def _preview(session: Session, name: str, *, in_browser: bool) -> Prepared:
    """A browser keeps nothing: what it has could be read after signing out."""
    function = functions.get(session, name)
    snapshot = previews.cached(session, function)
    fresh = f"private, max-age={snapshot.ttl_s}"
    if minutes := function.every_minutes:  # the next one is under way by then
        fresh += f", stale-while-revalidate={minutes * 60}"
    headers = {
        "Cache-Control": NO_STORE if in_browser else fresh,
        "Last-Modified": format_datetime(snapshot.fetched_at, usegmt=True),
        "Vary": "Authorization, Cookie",
    }
    return Prepared(
        Encoded(snapshot.body),
        etag=snapshot.etag,
        media_type=foreign.JSON_TYPE,
        headers=headers | ({"X-Egress-Ip": snapshot.egress_ip} if snapshot.egress_ip else {}),
        of_body=foreign.HEADERS,
        since=snapshot.fetched_at,
    )


def _table(session: Session, name: str, number: int, *, in_browser: bool) -> Prepared:
    """One page of it; only browsers may ask for it."""
    function = functions.get(session, name)
    snapshot, template = previews.cached(session, function), template_of(function.template)
    rows = partner(template.partner).rows(snapshot.body, function.settings)
    shown = page_of(rows, number)
    html = render(
        "functions/_table.html",
        name=name,
        preview=template.preview,
        rows=shown.rows,
        table=shown,
        rows_max=ROWS_MAX,
        in_browser=in_browser,
    ).encode()
    return Prepared(Encoded(html), etag_of(html), "text/html", {"Vary": "Cookie"})


PREVIEW = Source("api.functions.preview", _version, _preview)
TABLE = Source("pages.functions.table", _version, _table)
