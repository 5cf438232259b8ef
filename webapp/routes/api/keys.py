"""Keys by the API. The secret is in no answer."""

from typing import Annotated

from fastapi import Depends, Query, Response

from webapp.deps import Admin, ConfirmedAdmin, Router, Viewer
from webapp.models import GoingBack, NewKey, NewVersion
from webapp.models.rules import Name
from webapp.routes.api.description.answers import located
from webapp.routes.api.schemas.keys import (
    KeyOut,
    MatchOut,
    VersionOut,
    key_out,
    match_out,
    version_out,
)
from webapp.routes.api.schemas.lists import (
    After,
    Begins,
    Limit,
    Listed,
    OfStatus,
    listed,
    listed_few,
    place,
)
from webapp.services import keys, networks
from webapp.services.keys import listing

router = Router(prefix="/keys", tags=["keys"])
NetworkName = Annotated[Name, Query(description="The name of the network")]


async def _wanted(q: Begins = "", status: OfStatus = None) -> listing.Wanted:
    return listing.Wanted(q=q, status=status)


@router.get("", operation_id="list_keys", summary="List keys")
def index(
    ctx: Viewer,
    wanted: Annotated[listing.Wanted, Depends(_wanted)],
    limit: Limit = 50,
    after: After = None,
) -> Listed[KeyOut]:
    """In the order of their names."""
    return listed(keys.details_page(ctx.session, wanted, place(after, limit)), key_out)


@router.post(
    "", status_code=201, operation_id="create_key", summary="Store a key", responses=located(201)
)
def create(ctx: Admin, new: NewKey, response: Response) -> KeyOut:
    """The secret goes to AWS Secrets Manager, and is in no answer."""
    key = keys.create(ctx.scope, new)
    response.headers["Location"] = f"/api/v1/keys/{key.name}"
    return key_out(keys.detail(ctx.session, key.name))


@router.get("/{name}", operation_id="show_key", summary="Show a key")
def show(ctx: Viewer, name: str) -> KeyOut:
    """With its claims, its versions and the functions that use it."""
    return key_out(keys.detail(ctx.session, name))


@router.delete(
    "/{name}",
    status_code=204,
    operation_id="delete_key",
    summary="Delete a key",
    response_class=Response,
)
def delete(ctx: ConfirmedAdmin, name: str) -> Response:
    """AWS can restore its secret for 7 days."""
    keys.delete(ctx.scope, name, typed=name)
    return Response(status_code=204)


@router.get(
    "/{name}/versions", operation_id="list_key_versions", summary="List the versions of a key"
)
def versions(ctx: Viewer, name: str, limit: Limit = 50, after: After = None) -> Listed[VersionOut]:
    """In the order of their ids."""
    found = sorted(keys.detail(ctx.session, name).versions, key=lambda version: version.id)
    return listed_few(found, version_out, lambda version: version.id, limit=limit, after=after)


@router.post(
    "/{name}/versions",
    status_code=201,
    operation_id="add_key_version",
    summary="Add a version of a key",
)
def add_version(ctx: Admin, name: str, new: NewVersion) -> KeyOut:
    """A new secret, which functions use within minutes."""
    keys.add_version(ctx.scope, name, new)
    return key_out(keys.detail(ctx.session, name))


@router.put(
    "/{name}/versions/current",
    operation_id="make_previous_key_version_current",
    summary="Make the previous version of a key current",
)
def make_previous_current(ctx: Admin, name: str, sent: GoingBack | None = None) -> KeyOut:
    """Go back to the version before the current one, which becomes the previous one.

    With the `version`'s id, the request may be sent again: a version that is current stays so.
    """
    wanted = sent or GoingBack()
    keys.make_previous_current(ctx.scope, name, version_id=wanted.version, anyway=wanted.anyway)
    return key_out(keys.detail(ctx.session, name))


@router.get("/{name}/match", operation_id="match_key", summary="Match a key with a network")
def match(ctx: Viewer, name: str, network: NetworkName) -> MatchOut:
    """Whether the key allows every address of the network."""
    key, found = keys.get(ctx.session, name), networks.get(ctx.session, network)
    return match_out(keys.match(ctx.session, key, found))
