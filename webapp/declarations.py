"""What each route declares: for tests and the documentation."""

from fastapi.routing import APIRoute

from webapp.deps import Needs, anyone
from webapp.models import Role


def declared(route: APIRoute) -> list[Role | None]:
    """What the signature says: a role, or None for `Anyone`. Once, or it is wrong."""
    found: list[Role | None] = []
    to_visit = [route.dependant]
    while to_visit:
        dependant = to_visit.pop()
        to_visit += dependant.dependencies
        if isinstance(dependant.call, Needs):
            found.append(dependant.call.role)
        elif dependant.call is anyone:
            found.append(None)
    return found
