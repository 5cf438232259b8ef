"""People by the API. A link to choose a password is only in the answer that made it."""

from fastapi import Response

from webapp.deps import Admin, ConfirmedAdmin, Router
from webapp.edge.middleware import NO_STORE
from webapp.models import NewPerson, NewRole
from webapp.routes.api.schemas.lists import After, Limit, Listed
from webapp.routes.api.schemas.users import InvitedOut, UserOut, invited_out, user_out
from webapp.routes.links import check_passwords, link_to_choose_password
from webapp.services import access

router = Router(prefix="/users", tags=["users"])


@router.get("", operation_id="list_users", summary="List people")
def index(ctx: Admin, limit: Limit = 50, after: After = None) -> Listed[UserOut]:
    """By name; those who were invited, too."""
    page = access.list_people(ctx.session, after or "", limit)
    return Listed(items=[user_out(user) for user in page.people], next=page.next)


@router.post("", status_code=201, operation_id="invite_user", summary="Invite a person")
def invite(ctx: ConfirmedAdmin, new: NewPerson, response: Response) -> InvitedOut:
    """The link is only in this answer. Whoever opens it first chooses the password."""
    check_passwords(ctx)
    invited = access.invite(ctx.scope, name=new.name, role=new.role)
    response.headers["Cache-Control"] = NO_STORE
    return invited_out(invited.user, link_to_choose_password(ctx, invited.token))


@router.get("/{person}", operation_id="show_user", summary="Show a person")
def show(ctx: Admin, person: str) -> UserOut:
    """By name, or by id."""
    return user_out(access.get_person(ctx.session, person))


@router.patch("/{person}", operation_id="change_user", summary="Change the role of a person")
def change_role(ctx: ConfirmedAdmin, person: str, new: NewRole) -> UserOut:
    """It counts from their next request on. The last admin who can sign in stays one."""
    user = access.get_person(ctx.session, person)
    return user_out(access.change_role(ctx.scope, user.id, new.role))


@router.post(
    "/{person}/reset", status_code=201, operation_id="reset_user", summary="Reset a password"
)
def reset(ctx: ConfirmedAdmin, person: str, response: Response) -> InvitedOut:
    """The password and all sessions end at once. The link is only in this answer."""
    check_passwords(ctx)
    invited = access.reset(ctx.scope, access.get_person(ctx.session, person).id)
    response.headers["Cache-Control"] = NO_STORE
    return invited_out(invited.user, link_to_choose_password(ctx, invited.token))


@router.delete("/{person}", status_code=204, operation_id="remove_user", summary="Remove a person")
def remove(ctx: ConfirmedAdmin, person: str) -> Response:
    """All their sessions end at once."""
    access.remove(ctx.scope, access.get_person(ctx.session, person).id)
    return Response(status_code=204)
