"""How `egret serve` begins: its port, its cloud; and errors of any command, in one sentence."""

import logging
import os
import socket

from alembic.util.exc import CommandError
from sqlalchemy.exc import DatabaseError, OperationalError

from webapp.command_base import database_setting
from webapp.errors import EgretError, Invalid, Unavailable
from webapp.settings import Settings

UNUSABLE_DATABASE = (OperationalError, DatabaseError)
"""Not their other subclasses: those are errors of ours."""

log = logging.getLogger("egret")


def listen(settings: Settings) -> socket.socket:
    """Called first, so that a second start on the same port touches nothing the first one uses."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise Unavailable(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}.",
            remedy="Stop the program that uses it, or set EGRET_PORT.",
        ) from None


def check_cloud(settings: Settings) -> None:
    """Pages must not say that nothing is billed while the account of the credentials is."""
    if settings.cloud == "sandbox" and not os.environ.get("AWS_ENDPOINT_URL"):
        raise Invalid(
            "EGRET_CLOUD is sandbox, but AWS_ENDPOINT_URL does not say where a sandbox is.",
            remedy="Set EGRET_CLOUD=aws for a real account, or start one: egret demo.",
        )


def warn(settings: Settings) -> None:
    """Of what is not unsafe, but hardly meant."""
    if settings.public_url.startswith("https:") and not settings.trusted_proxies:
        log.warning(
            "EGRET_TRUSTED_PROXIES is empty: the log, the audit trail and the limits of wrong "
            "passwords see the proxy's address instead of its clients'. Set it to that address."
        )


def told(error: Exception) -> str:
    """What happened and what to do, in one line; '' for an error that nobody has foreseen."""
    setting = database_setting()
    match error:
        case EgretError():
            text = str(error)
        case OperationalError() | DatabaseError() if type(error) in UNUSABLE_DATABASE:
            text = f"the database cannot be used: {error.orig}. Check {setting}."
        case CommandError():
            text = (
                f"the database's schema is not one of this version: {error}. Run the version that "
                "wrote it, or a newer one."
            )
        case UnicodeError():
            text = "something that was typed is not UTF-8. Type it again."
        case OSError() if error.filename:
            text = f"{error}. Check {setting}, and who may write there."
        case _:
            text = ""
    return " ".join(text.split())
