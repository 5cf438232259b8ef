"""What each route declares: for tests and the documentation."""

from fastapi.routing import APIRoute

from webapp.deps import Needs, anyone
from webapp.models import Role


def declared(route: APIRoute) -> list[Role | None]:
    """What the route declares in its signature, its dependencies included: a role, or None for
    `Anyone`. One that is not the only one is a mistake.

    For tests and the documentation.
    """
    found: dict[Role | None, None] = {}
    to_visit = [route.dependant]
    while to_visit:
        dependant = to_visit.pop()
        to_visit += dependant.dependencies
        if isinstance(dependant.call, Needs):
            found[dependant.call.role] = None
        elif dependant.call is anyone:
            found[None] = None
    return list(found)
