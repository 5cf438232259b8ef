"""How the `egret` command starts: its settings, the schema, the port; errors in one sentence."""

import errno
import logging
import os
import socket
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from webapp.db import migrate
from webapp.errors import EgretError, Invalid, Unavailable
from webapp.settings import Settings

UNUSABLE_DATABASE = (OperationalError, DatabaseError)
"""Not their other subclasses: those are errors of ours."""
CANNOT_LISTEN = {
    errno.EADDRINUSE: "Stop the program that uses it, or set EGRET_PORT.",
    errno.EACCES: "Set EGRET_PORT to 1024 or more, or give Egret the right to use that port.",
}
"""What to do, by the number of the system's error; else it is the address."""
NOT_HERE = "Set EGRET_HOST to an address of this machine, such as 127.0.0.1."
OF_A_RULE = "Value error, "
"""How pydantic begins the message of a rule of our own."""

log = logging.getLogger("egret")


def read_settings() -> Settings:
    """From the environment. Raises Invalid, which says what to set."""
    try:
        return Settings()
    except ValidationError as error:
        text = "; ".join(_problem(found) for found in error.errors())
    except SettingsError as error:
        text = f"{error}. It must be JSON."
    raise Invalid(f"invalid setting: {text}")


def _problem(found: Any) -> str:
    """A rule of our own says itself which variable to set."""
    message = str(found["msg"])
    if message.startswith(OF_A_RULE):
        return message.removeprefix(OF_A_RULE)
    return f"set EGRET_{str(found['loc'][0]).upper()} to another value: {message}"


def bring_up_to_date(settings: Settings) -> None:
    """Migrate the database, or raise Unavailable.

    Whatever the database answers here is about the database, and not about a mistake of ours.
    """
    try:
        migrate(settings.database)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).partition("\n")[0].rstrip(".")
        raise Unavailable(
            f"the database cannot be used: {cause}.", remedy=f"Check {_database_setting()}."
        ) from error


def listen(settings: Settings) -> socket.socket:
    """Called first, so that a second start on the same port touches nothing the first one uses."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        why = str(error.strerror).partition(" (while ")[0]  # Python repeats the address there
        raise Unavailable(
            f"cannot listen on {settings.host} port {settings.port}: {why}.",
            remedy=CANNOT_LISTEN.get(error.errno or 0, NOT_HERE),
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
    if settings.lacks_key:
        log.warning(
            "EGRET_SECRET_KEY is empty: nobody can set up an authenticator app as a second factor. "
            "Set it to 32 random characters or more, the same on every replica."
        )
    if settings.oidc_issuer and not settings.oidc_roles:
        log.warning(
            "EGRET_OIDC_ROLES is empty: the provider signs nobody in. Set it to a claim and its "
            "values, such as groups:egret-admins=admin,egret-ops=operator."
        )
    if settings.cloud == "aws" and settings.second_factor_from == "none":
        log.warning(
            "EGRET_SECOND_FACTOR_FROM is none: a password alone opens this AWS account. Set it to "
            "admin, operator or viewer, the lowest role that needs a second factor."
        )
    if settings.public_url.startswith("https:") and not settings.trusted_proxies:
        log.warning(
            "EGRET_TRUSTED_PROXIES is empty: the log, the audit trail and the limits of "
            "wrong passwords, connections and requests see the proxy's address instead of its "
            "clients'. Set it to that address."
        )


def told(error: Exception) -> str:
    """What happened and what to do, in one line; '' for an error that nobody has foreseen."""
    from alembic.util.exc import CommandError

    setting = _database_setting()
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


def _database_setting() -> str:
    return "EGRET_DATABASE_URL" if os.environ.get("EGRET_DATABASE_URL") else "EGRET_DATA_DIR"
