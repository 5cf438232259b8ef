"""What the API takes and gives for addresses."""

from datetime import datetime

from pydantic import BaseModel

from webapp.models import AddressStatus, Input
from webapp.models.rules import Region
from webapp.models.texts import AwsIdText, LabelText, NameText
from webapp.services.addresses import AddressDetail


class NewAddress(Input):
    """`adopt`: an allocation id or an address that the account has already; `account` is the name
    of one, the dashboard's own if it is empty."""

    region: Region
    name: LabelText = ""
    adopt: AwsIdText = ""
    account: NameText = ""


class AddressName(Input):
    """What people call it, in any words; empty for nothing."""

    name: LabelText


class AddressOut(BaseModel):
    id: str
    name: str
    account: str
    region: str
    status: AddressStatus
    public_ip: str | None
    allocation_id: str | None
    network: str | None
    functions: list[str]
    keys: list[str]
    monthly_cost_usd: float
    created_at: datetime


def address_out(detail: AddressDetail) -> AddressOut:
    address = detail.address
    return AddressOut(
        id=address.id,
        name=address.name,
        account=address.account_name,
        region=address.region,
        status=address.status,
        public_ip=address.public_ip,
        allocation_id=address.allocation_id,
        network=detail.network.name if detail.network else None,
        functions=[function.name for function in detail.functions],
        keys=[key.name for key in detail.keys],
        monthly_cost_usd=address.monthly_cost_usd,
        created_at=address.created_at,
    )
