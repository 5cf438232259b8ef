"""The page Activity: the audit trail, newest first."""

from fastapi.responses import HTMLResponse

from webapp.deps import Admin, Router
from webapp.errors import Invalid
from webapp.models import AuditEvent
from webapp.rendering.drafts import Query
from webapp.rendering.forms import errors_by_field
from webapp.rendering.templating import page
from webapp.routes.api.schemas.lists import EVENT_ID_MAX
from webapp.routes.audit_queries import wanted
from webapp.services import audit

router = Router()
PAGE = 50
TEXTS = ("actor", "action", "noun", "name", "result")
NOUNS = ("network", "address", "key", "function", "caller", "user", "token", "account")
"""What the filter proposes; it takes any other."""


@router.get("/activity")
def index(ctx: Admin, query: Query) -> HTMLResponse:
    form = query.shown(*TEXTS, "from", "to", "after")
    events, errors = list[AuditEvent](), dict[str, str]()
    try:
        texts = {name: form[name] for name in TEXTS}
        only = wanted(**texts, since=form["from"], until=form["to"])
        before = _before(form["after"])
        events = audit.newest_first(ctx.session, before=before, limit=PAGE + 1, wanted=only)
    except Invalid as error:
        errors = errors_by_field(error)
    return page(
        ctx.request,
        "activity/index.html",
        status_code=422 if errors else 200,
        events=events[:PAGE],
        older=events[PAGE - 1].id if len(events) > PAGE else None,
        form=form,
        errors=errors,
        nouns=NOUNS,
    )


def _before(after: str) -> int | None:
    """The id of the last event of the page before. Raises Invalid."""
    if not after:
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= len(str(EVENT_ID_MAX))):
        raise Invalid("This is not the address of a page.", remedy="Begin with the newest events.")
    return min(int(after), EVENT_ID_MAX)
