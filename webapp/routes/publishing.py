"""Letting everyone call an endpoint: more than the routes' declarations can say."""

from webapp.deps import Context
from webapp.models import Access, Function, Role


def check_may_open(ctx: Context, access: Access | None, function: Function | None = None) -> None:
    """Only an admin gives a function the access `open`, and a person has typed the password lately;
    who may change it may leave it that.

    Raises Refused, and NotConfirmed, which is one.
    """
    if access is Access.OPEN and (function is None or function.access is not Access.OPEN):
        ctx.demand(Role.ADMIN, "Letting everyone call the endpoint")
        ctx.demand_confirmed()
