"""Starts the partner: `python -m webapp.sandbox.partner`, configured by environment variables."""

import os
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from webapp.sandbox.parent import end_with_parent
from webapp.sandbox.partner import api, badges, bank, bank_portal, faults, portal
from webapp.sandbox.partner.bank_keys import BankKeys
from webapp.sandbox.partner.callers import source_address
from webapp.sandbox.partner.door import Door
from webapp.sandbox.partner.faults import Fault, Faults
from webapp.sandbox.partner.hosts import ECHO_HOSTS, ECHO_PATH
from webapp.sandbox.partner.keys import Keys

BADGE_CACHE = "public, max-age=604800"
GRACEFUL_SHUTDOWN_S = 1
"""A slow response that is still running does not delay the end of the sandbox."""


def create_partner(state_dir: Path, nat_token: str, secret: str) -> FastAPI:
    app = FastAPI(title="The sandbox's partner", docs_url=None, redoc_url=None)
    app.add_middleware(Door, nat_token=nat_token, secret=secret)
    app.state.keys = Keys(state_dir)
    app.state.faults = Faults()
    app.state.nat_token = nat_token
    app.state.calls = {}
    app.add_exception_handler(api.Refusal, api.answer_refusal)
    app.add_exception_handler(faults.FaultResponse, faults.answer_fault)
    app.state.bank_keys = BankKeys(state_dir)
    app.host(bank.HOST, bank.create_bank(app.state.bank_keys, nat_token, app.state.faults))
    app.include_router(api.router)
    app.include_router(bank_portal.router)
    app.include_router(portal.router)
    app.add_api_route("/{folder}/{size}/{name}.png", badge)
    app.add_api_route(ECHO_PATH, echo)
    app.add_api_route("/sandbox/faults", set_fault, methods=["POST"])
    app.add_api_route("/{path:path}", answer_other_paths)
    return app


def badge(folder: str, size: int, name: str) -> Response:
    if size not in badges.SIZES.get(folder, ()):
        return PlainTextResponse("There is no badge of that size.\n", 404)
    headers = {"cache-control": BADGE_CACHE}
    return Response(badges.draw(name, size), headers=headers, media_type="image/png")


def echo(request: Request) -> PlainTextResponse:
    """The caller's address and a newline, as checkip.amazonaws.com answers."""
    return PlainTextResponse(f"{source_address(request)}\n")


def answer_other_paths(request: Request, path: str) -> Response:
    """The echo services answer at every path of their hosts, as checkip.amazonaws.com does."""
    if request.headers.get("host", "").partition(":")[0] in ECHO_HOSTS.values():
        return echo(request)
    status = 404 if path else 200
    return PlainTextResponse("The sandbox's partner. Its portal is at /portal.\n", status)


def set_fault(request: Request, fault: Fault) -> dict[str, str]:
    """For trying out how Egret shows a failing partner."""
    request.app.state.faults.set(fault)
    return {"mode": fault.mode}


if __name__ == "__main__":
    os.umask(0o077)
    end_with_parent()
    uvicorn.run(
        create_partner(
            Path(os.environ["PARTNER_STATE_DIR"]),
            os.environ["NAT_TOKEN"],
            os.environ["PARTNER_SECRET"],
        ),
        host="127.0.0.1",
        port=int(os.environ["PARTNER_PORT"]),
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
    )
