"""What the API takes and gives for whitelists."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from webapp.models import Network
from webapp.services.whitelists import Kit, Stage, WhitelistingDetail


class WhitelistingOut(BaseModel):
    """`stage` is sent, confirmed or seen; `missing` are addresses that it was not sent.

    `problem` says why the function's newest call failed; it is not seen then, whatever `seen_at`.
    """

    id: str
    partner: str
    function: str | None
    stage: Stage
    addresses: list[str]
    missing: list[str]
    sent_at: datetime
    confirmed_at: datetime | None
    seen_at: datetime | None
    seen_ip: str | None
    problem: str


class WhitelistOut(BaseModel):
    """`link` is the path of the public URL, if there is one."""

    network: str
    addresses: list[str]
    cidrs: list[str]
    comma_separated: str
    mail_subject: str
    mail_body: str
    qr_svg: str
    last_update: datetime
    link: str | None
    partners: list[WhitelistingOut]


def whitelist_out(network: Network, kit: Kit, found: Sequence[WhitelistingDetail]) -> WhitelistOut:
    return WhitelistOut(
        network=network.name,
        addresses=kit.addresses,
        cidrs=kit.cidrs,
        comma_separated=kit.comma_separated,
        mail_subject=kit.mail_subject,
        mail_body=kit.mail_body,
        qr_svg=kit.qr_svg,
        last_update=kit.last_update,
        link=f"/whitelist/{network.link}" if network.link else None,
        partners=[whitelisting_out(detail) for detail in found],
    )


def whitelisting_out(detail: WhitelistingDetail) -> WhitelistingOut:
    return WhitelistingOut(
        **detail.whitelisting.model_dump(
            include={"id", "partner", "addresses", "sent_at", "confirmed_at"}
        ),
        function=detail.function.name if detail.function else None,
        stage=detail.stage,
        missing=detail.missing,
        seen_at=detail.seen_at,
        seen_ip=detail.seen_ip,
        problem=detail.failure.problem if detail.failure else "",
    )
