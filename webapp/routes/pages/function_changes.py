"""Change a function: edit, review, deploy. Nothing changes before it is deployed."""

from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from webapp.deps import Context, Operator, Router
from webapp.errors import EgretError, Invalid, Refused, check_all
from webapp.models import Access, Function, FunctionChange, Input
from webapp.models.texts import EnvironmentText, NameText, UrlText, WordText
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, SubmittedForm, errors_by_field, validated
from webapp.rendering.templating import page, see_other
from webapp.routes.publishing import check_may_open
from webapp.services import functions, keys, names, networks
from webapp.services.functions.catalogue import settings
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.changes import fields
from webapp.services.keys import listing

router = Router(prefix="/functions/{name}")
EVERY = "schedule.every_minutes"
SETTINGS = "settings."
REVIEWED = "reviewed"
"""The revision that was live when the change was reviewed."""


class EditedFunction(Input):
    """The form. It has every field, so that an empty one is a value too."""

    network: NameText
    key: NameText
    settings: dict[str, Any] = Field(default_factory=dict)
    access: Access
    cors_origins: list[UrlText] = Field(default_factory=list)
    environment: EnvironmentText = ""
    memory_mb: int
    timeout_s: int
    every_minutes: WordText = ""


@router.get("/edit")
def edit(ctx: Operator, name: str, draft: Draft) -> HTMLResponse:
    """As it is, or as the form was sent that is kept."""
    function = functions.get(ctx.session, name)
    kept = draft.text("network")
    form = _as_sent(function, draft) if kept else _as_it_is(ctx, function)
    return _edit(ctx, function, form, {})


@router.post("/edit")
def review(ctx: Operator, name: str, form: Form) -> HTMLResponse:
    """What the change would do; or the form again, to go on editing or with its errors."""
    function = functions.get(ctx.session, name)
    if form.text("back"):
        return _edit(ctx, function, _as_sent(function, form), {})
    return _review(ctx, function, form)


@router.post("/edit/deployment")
def deploy(ctx: Operator, name: str, form: Form) -> Response:
    function = functions.get(ctx.session, name)
    if form.text(REVIEWED) not in ("", str(function.revision)):
        return _review(ctx, function, form, outdated=True)
    try:
        wanted = _wanted(function, form)
        check_may_open(ctx, wanted.access, function)
        planned = functions.change(ctx.scope, name, wanted)
    except Refused:
        raise
    except EgretError as error:
        return _refused(ctx, name, form, error)
    if planned.revision:
        notice = f"Revision {planned.revision.number} is being deployed. The live one answers "
        notice += "until then."
    else:
        notice = "Saved." if planned.differences else "Nothing was changed."
    return see_other(f"/functions/{name}", notice)


@router.post("/template")
def deploy_newest_template(ctx: Operator, name: str, form: Form) -> Response:
    """With the code that the template has now; or the form, with what that does not take."""
    try:
        newest = validated(FunctionChange, {"template_version": form.text("version")})
        functions.change(ctx.scope, name, newest)
    except Invalid as error:
        ctx.session.rollback()
        function = functions.get(ctx.session, name)
        return _edit(ctx, function, _as_it_is(ctx, function), errors_by_field(error))
    return see_other(f"/functions/{name}", "The newest version of the template is being deployed.")


def _review(
    ctx: Context, function: Function, form: SubmittedForm, *, outdated: bool = False
) -> HTMLResponse:
    """`outdated`: another change was made since the one that is asked for was reviewed."""
    name = function.name
    try:
        preview = functions.preview(ctx.scope, name, _wanted(function, form))
    except EgretError as error:
        return _refused(ctx, name, form, error)
    return page(
        ctx.request,
        "functions/review.html",
        status_code=409 if outdated else 200,
        detail=functions.detail(ctx.session, name),
        preview=preview,
        fields=[field for field in form.every_text() if field[0] != REVIEWED],
        outdated=outdated,
    )


def _wanted(function: Function, form: SubmittedForm) -> FunctionChange:
    """The change that the form asks for. Raises Invalid with every field's error.

    That everyone may call the endpoint is confirmed by typing the function's name.
    """
    edited = form.build(EditedFunction)
    values = edited.model_dump(exclude={"every_minutes"})
    every = edited.every_minutes
    schedule = (every and {"every_minutes": every}) or None
    wanted = validated(FunctionChange, values | {"schedule": schedule})
    if edited.access is Access.OPEN and function.access is not Access.OPEN:
        check_all(
            lambda: names.check_typed(form.text("confirm"), function.name, "changed"),
            lambda: fields.check(function, wanted),
        )
    return wanted


def _refused(ctx: Context, name: str, form: SubmittedForm, error: EgretError) -> HTMLResponse:
    ctx.session.rollback()
    function = functions.get(ctx.session, name)
    return _edit(ctx, function, _as_sent(function, form), errors_by_field(error))


def _edit(
    ctx: Context, function: Function, form: dict[str, Any], errors: dict[str, str]
) -> HTMLResponse:
    detail = functions.detail(ctx.session, function.name)
    here = networks.listing.Wanted(site=detail.network.site)
    offered = networks.listing.offered(ctx.session, here, chosen=form["network"])
    rows = networks.named(ctx.session, [each.network.name for each in offered.rows])
    mine = listing.Wanted(account=(function.account_id,))
    return page(
        ctx.request,
        "functions/edit.html",
        status_code=422 if errors else 200,
        detail=detail,
        form=form,
        errors={("every_minutes" if name == EVERY else name): e for name, e in errors.items()},
        networks=offered,
        keys=keys.offered(ctx.session, rows, mine, key=form["key"], network=form["network"]),
        template=get_template(function.template),
        accesses=[access.value for access in Access],
    )


def _as_it_is(ctx: Context, function: Function) -> dict[str, Any]:
    detail = functions.detail(ctx.session, function.name)
    texts = settings.flat(detail.template.settings, function.settings)
    return {
        "network": detail.network.name,
        "key": detail.key.name,
        "access": function.access.value,
        "cors_origins": function.cors_origins,
        "environment": function.environment,
        "memory_mb": str(function.memory_mb),
        "timeout_s": str(function.timeout_s),
        "every_minutes": str(function.every_minutes or ""),
    } | {f"{SETTINGS}{field}": text for field, text in texts.items()}


def _as_sent(function: Function, form: SubmittedForm) -> dict[str, Any]:
    sent = form.filled_in(EditedFunction)
    texts = {n.removeprefix(SETTINGS): t for n, t in sent.items() if n.startswith(SETTINGS)}
    fields = settings.filled_in(get_template(function.template).settings, texts)
    return sent | {f"{SETTINGS}{field}": text for field, text in fields.items()}
