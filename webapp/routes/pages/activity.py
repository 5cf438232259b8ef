"""The pages Requests and Logs of a function. If AWS refuses, they show why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from fastapi.responses import HTMLResponse

from webapp.aws.logs import Log
from webapp.deps import Context, Router, Viewer
from webapp.errors import Conflict, EgretError, Invalid, Unavailable, Upstream
from webapp.models import utc_now
from webapp.rendering.drafts import Query
from webapp.rendering.forms import SubmittedForm, errors_by_field
from webapp.rendering.templating import page
from webapp.routes.log_queries import log_query, request_query
from webapp.services import functions
from webapp.services.functions.activity import logs, requests
from webapp.services.functions.activity.levels import CHOICES
from webapp.services.functions.activity.logs import LogQuery
from webapp.services.functions.activity.requests import RequestQuery
from webapp.services.functions.activity.times import RANGES, Span, span_of

router = Router()
Found = TypeVar("Found")
LOG_RANGE, REQUESTS_RANGE = "1h", "24h"
STATUSES = ("2xx", "4xx", "5xx")
AROUND = timedelta(minutes=20)
"""Of a request, when its log lines are looked for: a call takes 15 minutes at most."""


@router.get("/functions/{name}/logs")
def show_log(ctx: Viewer, name: str, query: Query) -> HTMLResponse:
    form = _filled_in(query, LOG_RANGE, "filter", "level", "request")

    def read() -> Log:
        return logs.read(ctx.scope, name, log_query_of(form))

    return _show(ctx, name, "functions/logs.html", form, read, levels=list(CHOICES))


@router.get("/functions/{name}/requests")
def show_requests(ctx: Viewer, name: str, query: Query) -> HTMLResponse:
    form = _filled_in(query, REQUESTS_RANGE, "caller", "status")
    names = requests.names_of_callers(ctx.session, name)

    def read() -> requests.RequestLog:
        return requests.read(ctx.scope, name, _request_query_of(form), names)

    more = {"callers": names, "statuses": STATUSES, "around": AROUND}
    return _show(ctx, name, "functions/requests.html", form, read, **more)


def log_query_of(form: dict[str, str]) -> LogQuery:
    """Raises Invalid."""
    return log_query(
        _span_of(form),
        text=form["filter"],
        level=form["level"],
        request_id=form["request"],
        after=form["after"],
    )


def _request_query_of(form: dict[str, str]) -> RequestQuery:
    spanned, status = _span_of(form), form["status"]
    return request_query(spanned, caller=form["caller"], status=status, after=form["after"])


def _span_of(form: dict[str, str]) -> Span:
    return span_of(form["from"], form["to"], form["range"], now=utc_now())


def _filled_in(query: SubmittedForm, range_name: str, *names: str) -> dict[str, str]:
    form = {key: text.strip() for key, text in query.shown("from", "to", "after", *names).items()}
    return form | {"range": query.text("range") or range_name}


def _show(
    ctx: Context,
    name: str,
    template: str,
    form: dict[str, str],
    read: Callable[[], Found],
    **more: Any,
) -> HTMLResponse:
    """With what was read, or else with why it could not be."""
    found, problem, errors = None, None, dict[str, str]()
    detail = functions.detail(ctx.session, name)
    try:
        found = read()
    except Invalid as error:
        errors = errors_by_field(error)
    except (Conflict, Upstream, Unavailable) as error:
        problem = error
    return page(
        ctx.request,
        template,
        status_code=_status_of(problem, errors),
        function=detail.function,
        detail=detail,
        form=form,
        errors=errors,
        found=found,
        problem=problem,
        ranges=RANGES,
        **more,
    )


def _status_of(problem: EgretError | None, errors: dict[str, str]) -> int:
    if problem:
        return problem.status
    return 422 if errors else 200
