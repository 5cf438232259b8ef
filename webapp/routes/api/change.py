"""The change of a network by the API: create it, confirm it, withdraw it."""

from webapp.deps import Operator, Router
from webapp.models import NewChange
from webapp.routes.api.schemas.networks import Confirmation, NetworkOut, network_out
from webapp.services import networks
from webapp.services.networks import change

router = Router(prefix="/networks/{name}/change", tags=["networks"])


@router.post(
    "", status_code=201, operation_id="create_change", summary="Propose a change of a network"
)
def create(ctx: Operator, name: str, new: NewChange) -> NetworkOut:
    """Allocate the addresses of a larger shape, and preview the change. Nothing else happens."""
    change.create(ctx.scope, name, new)
    return network_out(networks.detail(ctx.session, name))


@router.post(
    "/confirmation",
    status_code=202,
    operation_id="confirm_change",
    summary="Confirm the change of a network",
)
def confirm(ctx: Operator, name: str, sent: Confirmation) -> NetworkOut:
    """Apply the change: calls then come from the new addresses, so whitelist them first."""
    change.confirm(ctx.scope, name, anyway=sent.anyway)
    return network_out(networks.detail(ctx.session, name))


@router.delete("", operation_id="withdraw_change", summary="Withdraw the change of a network")
def withdraw(ctx: Operator, name: str) -> NetworkOut:
    """Drop the change; its addresses stay, free."""
    change.withdraw(ctx.scope, name)
    return network_out(networks.detail(ctx.session, name))
