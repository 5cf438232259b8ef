"""Orphans by the API."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from fastapi import Query, Response
from pydantic import BaseModel

from webapp.deps import ConfirmedAdmin, Operator, Router, Viewer
from webapp.models import Input, shown_as
from webapp.models.rules import Region
from webapp.models.texts import AwsIdText, NameText
from webapp.routes.api.description.answers import ASKS_AWS, NAMES_OTHERS
from webapp.routes.api.schemas.addresses import AddressOut, address_out
from webapp.services import accounts, addresses
from webapp.services.addresses import orphans
from webapp.services.addresses.orphans import Orphan

router = Router(prefix="/orphans", tags=["orphans"])


Kind = Literal["address", "nat_gateway", "interface", "stack", "secret"]


KindName = Annotated[
    str,
    Query(description="The orphan's `kind`", json_schema_extra={"enum": [*get_args(Kind)]}),
]
OrphanId = Annotated[str, Query(description="The orphan's `id`")]
AccountName = Annotated[str, Query(description="The orphan's `account`; empty for the own one")]
OrphanName = Annotated[str, Query(description="The orphan's `name`, to confirm it")]


class Adoption(Input):
    """`id` is the address's allocation id; `account` the name of its account, if not the own."""

    region: Region
    id: AwsIdText
    account: NameText = ""


class OrphanOut(BaseModel):
    """`name` is what a deletion confirms."""

    kind: Kind
    account: str
    region: str
    id: str
    name: str
    tags: dict[str, str]
    adoptable: bool
    deletable: bool
    monthly_cost_usd: float


class OrphansOut(BaseModel):
    """`unread`: the regions that did not answer, each with the reason; that of another account as
    `region (account)`."""

    items: list[OrphanOut]
    unread: dict[str, str]
    monthly_cost_usd: float


@router.get("", operation_id="list_orphans", summary="List orphans", responses=ASKS_AWS)
def index(ctx: Viewer) -> OrphansOut:
    """What has Egret's tags in AWS and is not tracked here, in every region."""
    found = orphans.find(ctx.scope)
    return OrphansOut(
        items=[_out(orphan, found.names) for orphan in found.orphans],
        unread=found.unread,
        monthly_cost_usd=found.monthly_cost_usd,
    )


@router.post(
    "/adoption",
    status_code=201,
    operation_id="adopt_orphan",
    summary="Adopt an orphaned address",
    responses=NAMES_OTHERS,
)
def adopt(ctx: Operator, sent: Adoption) -> AddressOut:
    """Make an orphaned address a free one in the pool."""
    site = accounts.site_named(ctx.session, sent.account, sent.region)
    address = orphans.adopt(ctx.scope, site=site, id=sent.id)
    return address_out(addresses.detail(ctx.session, address.id))


@router.delete(
    "",
    status_code=202,
    operation_id="delete_orphan",
    summary="Delete an orphan",
    responses=NAMES_OTHERS,
    response_class=Response,
)
def delete(
    ctx: ConfirmedAdmin,
    region: Region,
    kind: KindName,
    id: OrphanId,
    confirm: OrphanName = "",
    account: AccountName = "",
) -> Response:
    """`confirm` is the orphan's name. 202: deleting a stack takes a while."""
    site = accounts.site_named(ctx.session, account, region)
    orphans.delete(ctx.scope, site=site, kind=kind, id=id, typed=confirm)
    return Response(status_code=202)


def _out(orphan: Orphan, names: Mapping[str, str]) -> OrphanOut:
    found = orphan.found
    return OrphanOut(
        kind=found.kind,
        account=shown_as(names, orphan.site.account_id),
        region=found.region,
        id=found.id,
        name=found.name,
        tags=found.tags,
        adoptable=orphan.adoptable,
        deletable=orphan.deletable,
        monthly_cost_usd=orphan.monthly_cost_usd,
    )
