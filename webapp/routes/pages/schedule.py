"""The schedule of a network: when it is parked."""

from zoneinfo import available_timezones

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import Context, Operator, Router, Viewer
from webapp.errors import Invalid
from webapp.models import Network, NewSchedule, Status, WeeklyHours
from webapp.models.schedule import DAYS
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, SubmittedForm, errors_by_field, validated
from webapp.rendering.templating import page, see_other
from webapp.services import networks
from webapp.services.networks import schedule

router = Router()
WORKING_HOURS = WeeklyHours(time_zone="UTC", days=DAYS[:5], start="08:00", end="18:00")


@router.get("/networks/{name}/schedule")
def show(ctx: Viewer, name: str, draft: Draft) -> HTMLResponse:
    network = networks.get(ctx.session, name)
    if ctx.request.query_params:
        return _show(ctx, name, _hours(draft), draft.text("idle_hours"), {})
    return _show(ctx, name, network.weekly_hours, str(network.idle_hours or ""), {})


@router.post("/networks/{name}/schedule")
def save(ctx: Operator, name: str, form: Form) -> Response:
    hours, idle_hours = _hours(form), form.text("idle_hours").strip()
    try:
        typed = hours.model_dump() if hours else None
        new = validated(NewSchedule, {"hours": typed, "idle_hours": idle_hours or 0})
        network = schedule.save(ctx.scope, name, new)
    except Invalid as error:
        errors = {n.removeprefix("hours."): told for n, told in errors_by_field(error).items()}
        return _show(ctx, name, hours, idle_hours, errors)
    return see_other(f"/networks/{name}", _notice(network))


def _notice(network: Network) -> str:
    if not network.weekly_hours and not network.idle_hours:
        return "Schedule removed. The network parks by hand only."
    now = {Status.PARKING: "is being parked", Status.UNPARKING: "is being unparked"}
    return f"Schedule saved. The network {now.get(network.status, 'stays as it is')}."


def _hours(form: SubmittedForm) -> WeeklyHours | None:
    if form.text("weekly") != "on":
        return None
    return WeeklyHours.model_construct(  # as they were typed, to show them again
        time_zone=form.text("time_zone").strip(),
        days=tuple(day for day in DAYS if day in form.texts("days")),
        start=form.text("start"),
        end=form.text("end"),
    )


def _show(
    ctx: Context, name: str, hours: WeeklyHours | None, idle_hours: str, errors: dict[str, str]
) -> HTMLResponse:
    return page(
        ctx.request,
        "networks/schedule.html",
        status_code=422 if errors else 200,
        detail=networks.detail(ctx.session, name),
        weekly=hours is not None,
        hours=hours or WORKING_HOURS,
        idle_hours=idle_hours,
        days=DAYS,
        time_zones=sorted(available_timezones()),
        errors=errors,
    )
