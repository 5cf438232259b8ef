"""The schedule of a network by the API."""

from webapp.deps import Operator, Router, Viewer
from webapp.models import NewSchedule
from webapp.routes.api.schemas.schedule import ScheduleOut, schedule_out
from webapp.services import networks
from webapp.services.networks import schedule

router = Router(prefix="/networks/{name}/schedule", tags=["networks"])


@router.get("", operation_id="show_schedule", summary="Show the schedule of a network")
def show(ctx: Viewer, name: str) -> ScheduleOut:
    """When it is parked and unparked by itself."""
    return schedule_out(networks.get(ctx.session, name))


@router.put("", operation_id="save_schedule", summary="Save the schedule of a network")
def save(ctx: Operator, name: str, new: NewSchedule) -> ScheduleOut:
    """Replace the weekly hours and the idle hours. They are applied at once."""
    return schedule_out(schedule.save(ctx.scope, name, new))


@router.delete("", operation_id="delete_schedule", summary="Delete the schedule of a network")
def delete(ctx: Operator, name: str) -> ScheduleOut:
    """The network stays as it is until someone parks or unparks it."""
    return schedule_out(schedule.save(ctx.scope, name, NewSchedule()))
