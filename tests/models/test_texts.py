"""Every text has a limit, in the tables and in what is sent; what is too long is cut or refused."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from sqlalchemy import Column, String
from sqlmodel import Session, SQLModel, select

from tests.postgresql import on_either_database
from webapp.models import Nat, Network, User
from webapp.models.base import EnumText
from webapp.models.texts import (
    ELLIPSIS,
    NAME_MAX,
    NOTE_MAX,
    REPLACEMENT,
    TOLD_MAX,
    BodyText,
    LabelText,
    NoteText,
    Text,
    fitted,
)

ODD = ["a\x00b", "a\ud800b", "a\udfff", "\x00\x00", "\U0001f600" * 40]


class Sent(BaseModel):
    note: NoteText = ""
    label: LabelText = ""
    body: BodyText = ""


def is_text(column: Column[Any]) -> bool:
    kind = column.type
    return isinstance(kind, String) or isinstance(getattr(kind, "impl", None), String)


def test_every_text_column_has_a_size() -> None:
    """One without is declared with `sa_type=sized(…)`, and a limit of webapp/models/texts.py."""
    columns = [
        column
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if is_text(column)
    ]
    assert len(columns) > 80
    assert not [str(c) for c in columns if not isinstance(c.type, Text | EnumText)]


@on_either_database
def test_any_text_from_outside_can_be_stored_and_is_found_again(session: Session) -> None:
    for number, text in enumerate([*ODD, "x" * (TOLD_MAX + 1)]):
        network = Network(
            name=f"n{number}",
            region="eu-central-1",
            cidr="10.0.0.0/16",
            availability_zones=1,
            nat=Nat.SINGLE,
            reason=text,
        )
        session.add(network)
        session.commit()
        session.expire_all()
        found = session.exec(select(Network).where(Network.reason == text)).one()
        assert (found.reason, found.name) == (fitted(text, TOLD_MAX), f"n{number}")
        session.delete(found)
        session.commit()


def test_a_text_is_cut_where_it_can_be_seen() -> None:
    assert fitted("x" * NAME_MAX, NAME_MAX) == "x" * NAME_MAX
    assert fitted("x" * 99, NAME_MAX) == "x" * (NAME_MAX - 1) + ELLIPSIS
    assert fitted("a\x00b\ud800", NAME_MAX) == f"a{REPLACEMENT}b{REPLACEMENT}"


def test_a_name_that_is_too_long_is_not_taken_for_a_shorter_one(session: Session) -> None:
    session.add(User(name="x" * 64, password_hash=""))
    session.commit()
    assert session.exec(select(User).where(User.name == "x" * 65)).first() is None


@pytest.mark.parametrize(
    "text",
    ["a\nb", "a\r\nb", "a\tb", "a\x00", "\x1b[31m", "a\x7f", "a\x85b", "\ud800", "a\u2028b"]
    + [f"a{mark}b" for mark in "\u061c\u200e\u200f\u202a\u202e\u2066\u2069\ufeff"],
)
def test_one_line_has_no_breaks_and_nothing_that_turns_it_around(text: str) -> None:
    for field in ("note", "label"):
        with pytest.raises(ValidationError):
            Sent.model_validate({field: text})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Zoë's 2nd key: renew in May",
        "日本語",
        "עברית",
        "\U0001f469\u200d\U0001f4bb",
        "a  b",
        "x" * NOTE_MAX,
    ],
)
def test_people_may_write_in_any_language(text: str) -> None:
    assert Sent(note=text).note == text


def test_a_block_has_lines_but_nothing_that_cannot_be_shown() -> None:
    assert Sent(body="a\r\n\tb\n").body == "a\r\n\tb\n"
    for text in ("a\x00", "\x1b", "a\x9f", "\udfff"):
        with pytest.raises(ValidationError):
            Sent(body=text)
