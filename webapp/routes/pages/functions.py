"""Pages of functions, and the preview of what they fetch."""

from collections.abc import Collection, Sequence
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import ConfirmedAdmin, Context, Operator, Router, Viewer
from webapp.edge.refusals import note
from webapp.errors import EgretError, Invalid, Refused, Upstream, check_all
from webapp.hot.serving import serve
from webapp.models import Access, AuditResult, NewFunction, Status
from webapp.partners import partner
from webapp.partners.untrusted_json import ROWS_MAX
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, SubmittedForm, errors_by_field
from webapp.rendering.lists import ListQuery, counts
from webapp.rendering.paging import number_in, paged
from webapp.rendering.prepared import prepared
from webapp.rendering.shown_json import shown_json
from webapp.rendering.templating import page, render, see_other
from webapp.rendering.timelines import timeline_of
from webapp.routes.prepared.previews import TABLE
from webapp.routes.publishing import check_may_open
from webapp.services import functions, keys, names, networks
from webapp.services.functions import FunctionDetail, listing, previews
from webapp.services.functions.catalogue import settings
from webapp.services.functions.catalogue.templates import Template, get_template, list_templates
from webapp.services.functions.lifecycle import check_fields
from webapp.services.keys import KeyChoice

router = Router()
JSON_MAX_CHARS = 128 * 1024
READY = networks.listing.Wanted(status=Status.READY)
JSON_CUT = "The rest is cut; Raw JSON has all of it."


@router.get("/functions")
def index(ctx: Viewer, asked: ListQuery) -> HTMLResponse:
    wanted = listing.Wanted(
        q=asked.text("q"),
        status=asked.choice("status", Status),
        network=asked.text("network"),
        key=asked.text("key"),
    )
    filters = asked.filters("q", "status", "network", "key")
    total, matching = counts(listing.count_of, ctx.session, wanted, filters)
    shown = listing.page(ctx.session, wanted, asked.place)
    return page(
        ctx.request,
        "functions/index.html",
        shown=shown,
        rows=prepared.rows("functions/_row.html", shown.rows),
        filters=filters,
        total=total,
        matching=matching,
    )


@router.get("/functions/new")
def new(ctx: Operator, draft: Draft) -> HTMLResponse:
    return _new(ctx, _chosen(draft), draft, {})


@router.post("/functions")
def create(ctx: Operator, form: Form) -> Response:
    try:
        new = form.build(NewFunction)
        check_may_open(ctx, new.access)
        if new.access is Access.OPEN:
            check_all(
                lambda: names.check_typed(form.text("confirm"), new.name, "deployed"),
                lambda: check_fields(get_template(new.template), new),
            )
        function = functions.create(ctx.scope, new)
    except Refused:
        raise
    except EgretError as error:
        ctx.session.rollback()
        return _new(ctx, _chosen(form), form, errors_by_field(error))
    return see_other(f"/functions/{function.name}", f"{function.name} is being deployed.")


@router.get("/functions/{name}")
def show(ctx: Viewer, name: str) -> HTMLResponse:
    return _show(ctx, name)


@router.get("/functions/{name}/table")
def table(ctx: Viewer, name: str) -> Response:
    """A page of the newest good answer as a table: the part of the function's page alone."""
    number = number_in(ctx.request)
    return serve(ctx, TABLE, name, number, query=f"page={number}" if number > 1 else "")


@router.post("/functions/{name}/snapshots")
def fetch(ctx: Operator, name: str) -> Response:
    function = functions.get(ctx.session, name)
    try:
        snapshot = previews.fetch(ctx.scope, function)
    except Upstream as error:
        note(ctx.request, error.code, result=AuditResult.FAILED)
        return see_other(f"/functions/{name}#preview", f"Not fetched. {error}", kind="error")
    if snapshot.ok:
        return see_other(f"/functions/{name}#preview", "Fetched a new response.")
    notice = "No new response. The reason and what to do are below."
    return see_other(f"/functions/{name}#preview", notice, kind="error")


@router.post("/functions/{name}/attempts")
def retry(ctx: Operator, name: str) -> Response:
    functions.retry(ctx.scope, name)
    return _to_function_or_list(ctx, name, f"Retrying {name}.")


@router.post("/functions/{name}/deletion")
def delete(ctx: ConfirmedAdmin, name: str, form: Form) -> Response:
    try:
        functions.delete(ctx.scope, name, typed=form.text("confirm"))
    except Invalid as error:
        return _show(ctx, name, confirm_error=error.detail, status_code=422)
    return _to_function_or_list(ctx, name, f"{name} is being deleted.")


def _to_function_or_list(ctx: Context, name: str, notice: str) -> Response:
    """To the list if the function was deleted at once."""
    if functions.find(ctx.session, name):
        return see_other(f"/functions/{name}", notice)
    return see_other("/functions", f"{name} was deleted.")


def _show(
    ctx: Context, name: str, *, confirm_error: str = "", status_code: int = 200
) -> HTMLResponse:
    detail = functions.detail(ctx.session, name)
    return page(
        ctx.request,
        "functions/show.html",
        status_code=status_code,
        detail=detail,
        timeline=timeline_of(ctx.session, detail.function),
        answer=_answer(ctx, detail),
        failure_concerns_key=previews.concerns_key(detail.function, detail.failure),
        newer=functions.newer_template(ctx.session, detail.function),
        curl=functions.curl(detail.function, detail.network.region),
        confirm_error=confirm_error,
    )


def _new(
    ctx: Context, template: Template, sent: SubmittedForm, errors: dict[str, str]
) -> HTMLResponse:
    form = sent.filled_in(NewFunction, template=template.name) | {"template": template.name}
    form |= _settings(template, form)
    ready = networks.listing.offered(ctx.session, READY, chosen=form["network"])
    if not form["network"] and len(ready.rows) == 1:
        form["network"] = ready.rows[0].network.name  # there is no other choice
    offered = [each.network.name for each in ready.rows]
    known = keys.offered(
        ctx.session,
        networks.named(ctx.session, offered),
        key=form["key"],
        network=form["network"],
    )
    usable = [key for key in known.rows if key.is_one_of(template.key_kinds)]
    named = {each.network.name for each in ready.rows if each.network.status is Status.READY}
    chosen = {"network": form["network"], "key": form["key"]}
    if form["network"] or not ready.more:  # of many, none is proposed
        chosen |= _matching(form, usable, named)
    coming = None if ready.rows else networks.listing.under_way(ctx.session)
    return page(
        ctx.request,
        "functions/new.html",
        status_code=422 if errors else 200,
        form=form | chosen,
        errors=errors,
        templates=list_templates(),
        template=template,
        networks=ready,
        others=[] if ready.rows else networks.listing.page(ctx.session).rows,
        coming=networks.detail(ctx.session, coming.name) if coming else None,
        keys=known,
        allowing=[each.key.name for each in usable if chosen["network"] in each.usable],
        accesses=[access.value for access in Access],
    )


def _matching(
    form: dict[str, Any], known: Sequence[KeyChoice], ready: Collection[str]
) -> dict[str, str]:
    """A network and a key that allows its addresses, where none is chosen yet."""
    for detail in known:
        for network in detail.usable:
            chosen = {"network": network, "key": detail.key.name}
            if network in ready and all(form[n] in ("", value) for n, value in chosen.items()):
                return chosen
    return {}


def _chosen(sent: SubmittedForm) -> Template:
    """The template that is named, or the first one. Raises NotFound."""
    name = sent.text("template")
    return get_template(name) if name else list_templates()[0]


def _settings(template: Template, form: dict[str, Any]) -> dict[str, str]:
    """The fields of the settings: as they were sent, or their defaults."""
    prefix = "settings."
    sent = {k.removeprefix(prefix): text for k, text in form.items() if k.startswith(prefix)}
    fields = settings.filled_in(template.settings, sent)
    return {f"{prefix}{name}": text for name, text in fields.items()}


def _answer(ctx: Context, detail: FunctionDetail) -> str:
    """The newest good answer as a table and as JSON; a snapshot never changes."""
    function, template, snapshot = detail.function, detail.template, detail.snapshot
    if snapshot is None:
        return ""

    def draw() -> str:
        table = paged(ctx.request, partner(template.partner).rows(snapshot.body, function.settings))
        return render(
            "functions/_answer.html",
            name=function.name,
            preview=template.preview,
            rows=table.rows,
            table=table,
            rows_max=ROWS_MAX,
            body_text=shown_json(snapshot.body, JSON_MAX_CHARS, JSON_CUT),
        )

    page_number = ctx.request.query_params.get("page", "")
    read_by = template.partner, template.preview, repr(function.settings)
    return prepared.get((snapshot.id, function.name, page_number, *read_by), draw)
