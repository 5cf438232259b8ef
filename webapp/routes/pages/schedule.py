"""The page on which a network is told when to be parked."""

from zoneinfo import available_timezones

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from webapp.deps import Context, SignedIn
from webapp.errors import Invalid
from webapp.forms import Form, SentForm, errors_of
from webapp.models import Network, Status
from webapp.models.hours import DAYS, Hours
from webapp.services.networks import lifecycle as networks
from webapp.services.networks import schedule as parking
from webapp.templating import page, see_other

router = APIRouter()
WORKING_HOURS = Hours("UTC", DAYS[:5], "08:00", "18:00")


@router.get("/networks/{name}/schedule")
def show(ctx: SignedIn, name: str) -> HTMLResponse:
    network = networks.get(ctx.session, name)
    return _show(ctx, name, network.weekly_hours, str(network.idle_hours or ""), {})


@router.post("/networks/{name}/schedule")
def save(ctx: SignedIn, name: str, form: Form) -> Response:
    hours, idle = _hours(form), form.text("idle_hours").strip()
    try:
        network = parking.set_schedule(
            ctx.session,
            ctx.cloud,
            ctx.settings,
            actor=ctx.actor,
            name=name,
            hours=hours,
            idle_hours=form.number("idle_hours") if idle else 0,
        )
    except Invalid as error:
        return _show(ctx, name, hours, idle, errors_of(error))
    return see_other(f"/networks/{name}", _saved(network))


def _saved(network: Network) -> str:
    if not network.weekly_hours and not network.idle_hours:
        return "Schedule removed. The network parks by hand only."
    now = {Status.PARKING: "is being parked", Status.UNPARKING: "is being unparked"}
    return f"Schedule saved. The network {now.get(network.status, 'stays as it is')}."


def _hours(form: SentForm) -> Hours | None:
    if form.text("weekly") != "on":
        return None
    days = tuple(day for day in DAYS if day in form.texts("days"))
    return Hours(form.text("time_zone").strip(), days, form.text("start"), form.text("end"))


def _show(
    ctx: Context, name: str, hours: Hours | None, idle_hours: str, errors: dict[str, str]
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
