"""People: a list, and a page for each. A link to choose a password is on one answer alone."""

from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import Admin, ConfirmedAdmin, Context, Router
from webapp.edge.middleware import NO_STORE
from webapp.errors import EgretError
from webapp.models import NewPerson, Role
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, blank, errors_by_field
from webapp.rendering.templating import page, see_other
from webapp.routes.links import check_passwords, link_to_choose_password
from webapp.services import access, names
from webapp.services.access import Invited

router = Router(prefix="/people")
NOTHING: dict[str, str] = {}


@router.get("")
def index(ctx: Admin, draft: Draft) -> HTMLResponse:
    return _list(ctx, draft.filled_in(NewPerson), after=draft.text("after"))


@router.post("")
def invite(ctx: ConfirmedAdmin, form: Form) -> Response:
    check_passwords(ctx)
    try:
        new = form.build(NewPerson)
        invited = access.invite(ctx.scope, name=new.name, role=new.role)
    except EgretError as error:
        ctx.session.rollback()
        return _list(ctx, form.filled_in(NewPerson), errors_by_field(error))
    return _once(_list(ctx, blank(NewPerson), invited=invited))


@router.get("/{person}")
def show(ctx: Admin, person: str) -> HTMLResponse:
    return _show(ctx, person)


@router.post("/{person}/role")
def change_role(ctx: ConfirmedAdmin, person: str, form: Form) -> Response:
    user = access.get_person(ctx.session, person)
    changed = access.change_role(ctx.scope, user.id, form.text("role"))
    return see_other(f"/people/{user.id}", f"{changed.name} has the role {changed.role} now.")


@router.post("/{person}/reset")
def reset(ctx: ConfirmedAdmin, person: str) -> Response:
    check_passwords(ctx)
    invited = access.reset(ctx.scope, access.get_person(ctx.session, person).id)
    return _once(_show(ctx, person, invited=invited))


@router.post("/{person}/second-factor/reset")
def reset_second_factor(ctx: ConfirmedAdmin, person: str) -> Response:
    user = access.reset_factors(ctx.scope, access.get_person(ctx.session, person).id)
    notice = f"{user.name} has no second factor any more, and was signed out everywhere."
    return see_other(f"/people/{user.id}", notice)


@router.post("/{person}/removal")
def remove(ctx: ConfirmedAdmin, person: str, form: Form) -> Response:
    user = access.get_person(ctx.session, person)
    try:
        names.check_typed(form.text("confirm"), user.name, "removed")
        access.remove(ctx.scope, user.id)
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, person, errors_by_field(error), status_code=error.status)
    return see_other("/people", f"{user.name} was removed, with all sessions.")


@router.post("/{person}/sessions/{session_id}/end")
def end_session(ctx: Admin, person: str, session_id: str) -> Response:
    """Not asked to confirm: it only takes something away from somebody who may be an intruder."""
    user = access.get_person(ctx.session, person)
    access.end_session(ctx.scope, user, session_id)
    return see_other(f"/people/{user.id}", "The session was ended.")


def _once(response: HTMLResponse) -> HTMLResponse:
    response.headers["Cache-Control"] = NO_STORE
    return response


def _list(
    ctx: Context,
    form: dict[str, Any],
    errors: dict[str, str] = NOTHING,
    *,
    invited: Invited | None = None,
    after: str = "",
) -> HTMLResponse:
    return page(
        ctx.request,
        "people/index.html",
        status_code=422 if errors else 200,
        listed=access.list_people(ctx.session, after),
        form=form,
        errors=errors,
        roles=list(Role),
        provider_label=ctx.settings.oidc_label,
        only_provider=ctx.settings.only_provider,
        **_link(ctx, invited, "/people"),
    )


def _show(
    ctx: Context,
    person: str,
    errors: dict[str, str] = NOTHING,
    *,
    status_code: int = 200,
    invited: Invited | None = None,
) -> HTMLResponse:
    user = access.get_person(ctx.session, person)
    return page(
        ctx.request,
        "people/show.html",
        status_code=status_code,
        person=user,
        sessions=access.sessions_of(ctx.session, user),
        own=ctx.own,
        errors=errors,
        roles=list(Role),
        provider_label=ctx.settings.oidc_label,
        only_provider=ctx.settings.only_provider,
        **_link(ctx, invited, f"/people/{user.id}"),
    )


def _link(ctx: Context, invited: Invited | None, address: str) -> dict[str, Any]:
    """With the address to load again, where the link is not shown any more."""
    if invited is None:
        return {"invited": None, "link": ""}
    link = link_to_choose_password(ctx, invited.token)
    return {"invited": invited.user, "link": link, "form_address": address}
