"""The rule for every name that people choose: it becomes part of names in AWS."""

import re

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from webapp.errors import Conflict, Invalid
from webapp.models import Function, Network
from webapp.settings import Settings

NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")
RESERVED = frozenset({"new"})
"""`/networks/new` is the page on which one is made."""
ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,19}")
NOTE_MAX_CHARS = 500
LABEL_MAX_CHARS = 60


def check_name(name: str) -> str:
    """The name itself, or Invalid with the rule."""
    if name in RESERVED:
        raise Invalid(f"{name} is a page of Egret's own.", code="bad_name", field="name")
    if not NAME.fullmatch(name):
        raise Invalid(
            "A name has 2 to 31 small letters, digits and dashes, and begins with a letter.",
            code="bad_name",
            field="name",
        )
    return name


def check_region(settings: Settings, region: str) -> str:
    """A region that is offered: no other one is looked after."""
    if region not in settings.region_names:
        raise Invalid(
            f"The region {region!r} is not offered here.",
            remedy=f"Choose one of: {', '.join(settings.region_names)}.",
            field="region",
        )
    return region


def check_environment(environment: str) -> str:
    """'' or a short word such as `prod`."""
    if environment and not ENVIRONMENT.fullmatch(environment):
        raise Invalid(
            "An environment has at most 20 small letters, digits and dashes, such as prod or test.",
            field="environment",
        )
    return environment


def check_label(label: str) -> str:
    """What people call a thing, in any words; '' for nothing."""
    plain = label.strip()
    if len(plain) > LABEL_MAX_CHARS or not plain.isprintable():
        raise Invalid(
            f"A name of an address has at most {LABEL_MAX_CHARS} characters, on one line.",
            field="name",
        )
    return plain


def taken(noun: str, name: str) -> Conflict:
    return Conflict(
        f"There is already a {noun} named {name}.",
        code="name_taken",
        remedy="Choose another name.",
        errors={"name": "This name is taken."},
    )


def add_named(session: Session, row: Network | Function) -> None:
    """Insert the row now: of two requests with one name, one loses here."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise taken(row.noun, row.name) from None


def check_typed(typed: str, expected: str, what: str) -> None:
    """Deleting what cannot be made again asks for its name, typed exactly."""
    if typed.strip() != expected:
        raise Invalid(
            f"What was typed is not {expected}. Nothing was {what}.",
            code="not_confirmed",
            field="confirm",
        )
