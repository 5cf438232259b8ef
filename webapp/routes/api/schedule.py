"""When a network is parked by itself, by the API."""

from fastapi import APIRouter

from webapp.deps import ApiCaller
from webapp.routes.api.schemas.schedule import NewSchedule, ScheduleOut, schedule_out
from webapp.services.networks import lifecycle as networks
from webapp.services.networks import schedule as parking

router = APIRouter(prefix="/networks", tags=["networks"])


@router.get("/{name}/schedule")
def show(ctx: ApiCaller, name: str) -> ScheduleOut:
    return schedule_out(networks.get(ctx.session, name))


@router.put("/{name}/schedule")
def put(ctx: ApiCaller, name: str, new: NewSchedule) -> ScheduleOut:
    """Weekly hours outside which it is parked, and idle hours after which it is. At once."""
    network = parking.set_schedule(
        ctx.session,
        ctx.cloud,
        ctx.settings,
        actor=ctx.actor,
        name=name,
        hours=new.hours.as_hours() if new.hours else None,
        idle_hours=new.idle_hours,
    )
    return schedule_out(network)


@router.delete("/{name}/schedule")
def delete(ctx: ApiCaller, name: str) -> ScheduleOut:
    """It stays as it is, until somebody parks or unparks it."""
    network = parking.set_schedule(
        ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name, hours=None
    )
    return schedule_out(network)
