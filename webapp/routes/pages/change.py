"""The change of a network: preview, confirm, withdraw. It is shown on the network's page."""

from fastapi import Response

from webapp.deps import Operator, Router
from webapp.models import NewChange, Status
from webapp.rendering.forms import Form
from webapp.rendering.templating import see_other
from webapp.services.networks import change

router = Router(prefix="/networks/{name}/change")


@router.post("")
def create(ctx: Operator, name: str, form: Form) -> Response:
    change.create(ctx.scope, name, form.build(NewChange))
    notice = "This is what would change. Nothing changes until you confirm it."
    return see_other(f"/networks/{name}#change", notice)


@router.post("/confirmation")
def confirm(ctx: Operator, name: str, form: Form) -> Response:
    change.confirm(ctx.scope, name, anyway=bool(form.text("anyway")))
    return see_other(f"/networks/{name}#change", "Change confirmed. It is being applied.")


@router.post("/withdrawal")
def withdraw(ctx: Operator, name: str) -> Response:
    network = change.withdraw(ctx.scope, name)
    part = "change" if network.status is Status.READY else "status"
    return see_other(f"{network.page}#{part}", "Change withdrawn. Its new addresses are free.")
