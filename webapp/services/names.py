"""Rules for what people type: names (which become part of names in AWS), regions, labels."""

import re

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from webapp.errors import Conflict, Invalid
from webapp.models import Function, Key, Network, rules
from webapp.models.tags import problem_with_tags
from webapp.models.texts import LABEL_MAX
from webapp.settings import Settings

NAME = re.compile(rules.NAME)
RESERVED = frozenset({"new"})
"""`/networks/new` is a page."""
ENVIRONMENT = re.compile(rules.ENVIRONMENT)
NOT_CONFIRMED = "not_confirmed"


def check_name(name: str) -> str:
    """The name itself, or Invalid with the rule."""
    if name in RESERVED:
        raise Invalid(f"{name} is reserved for a page of Egret.", code="bad_name", field="name")
    if not NAME.fullmatch(name):
        raise Invalid(
            "A name has 2 to 31 lowercase letters, digits and dashes, and starts with a letter.",
            code="bad_name",
            field="name",
        )
    return name


def check_region(settings: Settings, region: str) -> str:
    """The region itself, or Invalid: Egret works only in the regions of its settings."""
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
            "At most 20 lowercase letters, digits and dashes, such as prod or test.",
            field="environment",
        )
    return environment


def check_tags(settings: Settings, tags: dict[str, str]) -> None:
    """A network's tags, which go together with those of the settings."""
    problem = problem_with_tags(tags) or problem_with_tags(settings.tags | tags)
    if problem:
        raise Invalid(problem, field="tags")


def check_label(label: str) -> str:
    """A name in any words; '' for none."""
    plain = label.strip()
    if len(plain) > LABEL_MAX or not plain.isprintable():
        raise Invalid(
            f"The name of an address has at most {LABEL_MAX} characters, on one line.",
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


def check_free(session: Session, model: type[Network | Function | Key], name: str) -> None:
    """Raises Conflict when there is a row of that name."""
    if session.exec(select(model.id).where(model.name == name)).first():
        raise taken(model.__name__.lower(), name)


def add_named(session: Session, row: Network | Function | Key) -> None:
    """Insert the row at once, so that one of two requests with the same name fails here."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise taken(row.noun, row.name) from None


def check_typed(typed: str, expected: str, what: str) -> None:
    """Something that cannot be undone asks for a name, typed exactly."""
    if typed.strip() != expected:
        raise Invalid(
            f"The text you typed is not {expected}. Nothing was {what}.",
            code=NOT_CONFIRMED,
            field="confirm",
        )
